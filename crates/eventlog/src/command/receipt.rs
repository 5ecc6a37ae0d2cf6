//! Receipts: what was answered to a command, so that its repeat is answered the same.

use prost::Message;

use super::{Context, DecodeError, ExecuteError, Executed};
use crate::event::{NewReceipt, Receipt};
use crate::log::EventLog;

impl Context {
    /// The receipt of an answer; none of a command without an id of its caller's.
    pub fn receipt(&self, answer: &impl Message) -> Option<NewReceipt> {
        self.repeatable.then(|| NewReceipt {
            request_id: self.request_id,
            method: self.method.to_owned(),
            request_hash: self.request_hash,
            response: answer.encode_to_vec().into(),
        })
    }
}

/// The answer that the first call with a command's id got; none when there was none, or none is kept.
///
/// # Errors
/// When the id was used for another command, the first answer cannot be read, or the database does not answer.
pub async fn first_answer<R: Message + Default, F>(
    log: &EventLog,
    context: &Context,
) -> Result<Option<Executed<R>>, ExecuteError<F>> {
    if !context.repeatable || context.validate_only {
        return Ok(None);
    }
    let receipt = log.receipt(context.request_id).await?;
    receipt.map(|receipt| replay(context, &receipt)).transpose()
}

/// The answer that a receipt holds.
///
/// # Errors
/// When it is that of another command, or cannot be read.
pub fn replay<R: Message + Default, F>(
    context: &Context,
    receipt: &Receipt,
) -> Result<Executed<R>, ExecuteError<F>> {
    if receipt.method != context.method || receipt.request_hash != context.request_hash {
        return Err(ExecuteError::RequestIdReused);
    }
    let response = R::decode(receipt.response.clone()).map_err(|source| {
        let source = DecodeError::Malformed {
            kind: format!("answer to {}", receipt.method),
            source,
        };
        ExecuteError::Decode {
            position: receipt.last,
            source,
        }
    })?;
    Ok(Executed {
        response,
        position: receipt.last,
        replayed: true,
    })
}
