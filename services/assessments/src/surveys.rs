//! Surveys: instruments, waves, and ballots that nobody can tie to a token.
//!
//! # What must not be possible
//!
//! Whoever reads the database, the log, its feed, the broker or the service's output must not learn which ballot was cast
//! under which token, however the two are joined: by a key, by time, by position, by the order of rows, by transaction
//! number, by request or trace id.
//!
//! # How it is done
//!
//! * **Tokens** are made of chance and a digest under the ballot key ([`BallotKey`]). They are shown once and kept
//!   nowhere: neither in the receipt of the command that issues them nor in its event, which has their number. They follow
//!   from that command's request id and the key, so a repeated call shows the same ones.
//! * **A used token** leaves a keyed digest in `survey_spent`: enough to refuse it a second time, useless to find it
//!   without the key. The digests of a wave are destroyed when it is counted.
//! * **Casting has no context**: no request id, so no receipt; no actor, no event, no position. Its answer is empty. Its
//!   trace spans and log lines have neither the token nor an answer, and refusals never repeat what was answered.
//! * **A ballot** goes into the pool of its unit and group in the transaction that marks the token, so that a crash keeps
//!   both or neither: none is lost, none counts twice. A pool is one sealed text (XChaCha20-Poly1305 under the ballot key,
//!   bound to its wave and cell), made anew with every ballot, padded, its ballots in the order of what they say. So the
//!   number of the transaction that wrote it is that of the newest mark, but what it holds is all that wait, and neither
//!   the place nor the length says which came last.
//! * **Ballots leave in company** ([`survey::mixing`]): when twenty wait, all but ten chosen by lot leave as one event of
//!   at least ten; at the end those that are too few lose their group, then their unit, and when even that cannot hide
//!   them their answers are destroyed and counted as such. The events are in the order of what the ballots say, are caused
//!   by the ballot box, and happened, as far as they say, when the wave opened.
//! * **Imported ballots** go through the same pools. A row is remembered by a keyed digest of source and row id alone. Who
//!   brought how many of which unit and group is an event; nothing of it returns when ballots leave the box.
//!
//! So among `n` used tokens of a cell each ballot may be of any of those used before it left: never fewer than ten.
//!
//! # What remains
//!
//! The running process sees token and ballot together for a moment and holds the key: it is trusted, and so is whoever
//! can read its memory. Whoever has the key *and* watches the database between any two ballots of a cell, by its
//! write-ahead log, by backups taken in between, or by rows that are dead but not yet vacuumed, can open the pool before
//! and after; the key belongs where database administrators have no access. How many voted, of which unit and group and,
//! by watching, when, is known: quotas need it. A question that only one person in the province can answer in one way
//! tells that person; the minimum count keeps it out of figures, and nobody should ask it. Whoever imports ballots with
//! weights knows them, as well as the answers; weights have two digits, and a ballot that loses its group loses its weight. A unit's result is never shown
//! of fewer answers than the plan's minimum.
//!
//! | metric | what it says |
//! |---|---|
//! | `chiso_surveys_ballots_cast_total` | ballots that this process took in under a token |

mod api;
mod book;
mod codec;
mod count;
pub(crate) mod feeding;
mod feeds;
mod import;
mod key;
mod sampled;
mod timer;
mod urn;
mod wire;

use std::sync::Arc;

use contracts::assessments::v1::surveys_service_server::SurveysServiceServer;
use eventlog::EventLog;
use runtime::{Clock, Ids};
use tokio::sync::Notify;
use tonic::transport::Channel;

pub(crate) use self::book::Book;
pub(crate) use self::codec::{WAVE, WaveCodec};
pub(crate) use self::feeding::stating;
pub use self::key::{BallotKey, BallotKeyTooShort};
pub(crate) use self::timer::Timer;
use crate::campaigns::{Editions, Participants};
use crate::units::Units;
use crate::view::Viewer;

/// The service, and the timer that takes care of waves.
pub(crate) fn start(
    log: &EventLog,
    view: &Viewer,
    (units, registry): (&Units, Channel),
    key: BallotKey,
    clock: Clock,
    ids: &Ids,
) -> (SurveysServiceServer<api::Api>, Timer) {
    let urn = urn::Urn {
        pool: log.pool().clone(),
        key,
    };
    let full = Arc::new(Notify::new());
    let timer = Timer {
        log: log.clone(),
        view: view.clone(),
        clock,
        ids: ids.clone(),
        counter: count::Counter {
            log: log.clone(),
            urn: urn.clone(),
            ids: ids.clone(),
        },
        feeder: feeding::Feeder::new(log.clone(), view.clone(), clock, ids.clone()),
        full: full.clone(),
    };
    let api = api::Api {
        log: log.clone(),
        view: view.clone(),
        units: units.clone(),
        clock,
        ids: ids.clone(),
        urn,
        full,
        judging: feeds::Judging {
            view: view.clone(),
            registry: Participants::new(registry),
            editions: Editions::new(),
        },
    };
    (SurveysServiceServer::new(api), timer)
}
