//! One running service.

use std::future::Future;

use anyhow::{Context as _, anyhow};
use runtime::Shutdown;
use tokio::task::JoinHandle;

use crate::Service;

/// A service's task and the token that ends it.
#[derive(Debug)]
pub(crate) struct Part {
    service: Service,
    shutdown: Shutdown,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Part {
    pub(crate) fn spawn<F>(service: Service, shutdown: Shutdown, work: F) -> Self
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        Self {
            service,
            shutdown,
            task: tokio::spawn(work),
        }
    }

    /// Waits until it ends by itself, which it should not.
    pub(crate) async fn ended(&mut self) -> anyhow::Error {
        let service = self.service;
        match (&mut self.task).await {
            Ok(Ok(())) => anyhow!("{service} ended, though nobody asked it to"),
            Ok(Err(error)) => error.context(format!("{service} failed")),
            Err(panic) => anyhow!(panic).context(format!("{service} panicked")),
        }
    }

    /// Drains it.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        let service = self.service;
        self.shutdown.cancel();
        (&mut self.task)
            .await
            .with_context(|| format!("{service} panicked"))?
            .with_context(|| format!("ending {service}"))
    }

    /// Drops what it is doing.
    pub(crate) async fn kill(mut self) {
        self.task.abort();
        // Tasks of its own that outlive the one above end with the token.
        self.shutdown.cancel();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.task.abort();
        self.shutdown.cancel();
    }
}
