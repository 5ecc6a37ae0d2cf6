//! Commands to sheets.

use assessment::sheet::{Action, Command, Ground, Refusal};
use assessment::{Person, Role, Sheet};
use contracts::problem::Problem;
use decider::Decider as _;
use eventlog::Version;
use eventlog::command::{ExecuteError, Executed, execute_beside};
use prost::Message;

use super::{ATTEMPTS, Api};
use crate::campaigns::codec::{SheetCodec, campaign_stream, sheet_stream};
use crate::campaigns::refusal;
use crate::campaigns::resource::Seen;
use crate::campaigns::who::{Call, about, who};
use crate::campaigns::wish::Place;

impl Api {
    /// Gives a command to a unit's sheet and answers from what the sheet is after it; anew when the campaign moves on
    /// meanwhile, so that nothing is decided on a stage that is over.
    pub(super) async fn order_sheet<R: Message + Default>(
        &self,
        call: Call,
        role: Role,
        place: &Place,
        action: &Action,
        respond: impl Fn(&Seen<'_>, &Person) -> R + Send + Sync,
    ) -> Result<Executed<R>, Problem> {
        let place = Place {
            unit: about(&call.permit, &place.unit, &self.units).await?,
            ..place.clone()
        };
        let by = who(&call, role, &self.units).await?;
        let mut conflict = None;
        for _ in 0..ATTEMPTS {
            match self.attempt(&call, &by, &place, action, &respond).await? {
                Ok(executed) => {
                    self.shown(executed.position).await;
                    return Ok(executed);
                }
                Err(error @ ExecuteError::Conflict { .. })
                    if call.context.expected_version.is_none() =>
                {
                    conflict = Some(error);
                }
                Err(error @ ExecuteError::Conflict { .. }) => {
                    return Err(self.second_to(&place, error).await);
                }
                Err(error) => return Err(error.problem(refusal::of_sheet)),
            }
        }
        let error = conflict.expect("every attempt but one that came too late returns");
        Err(self.second_to(&place, error).await)
    }

    /// A conflict about versions, with the newest change of what the command rests on. A leaf's own conflict knows
    /// that by itself.
    async fn second_to(&self, place: &Place, error: ExecuteError<Refusal>) -> Problem {
        let problem = error.problem(refusal::of_sheet);
        let sheet = sheet_stream(&place.campaign, &place.unit);
        let campaign = campaign_stream(&place.campaign);
        let events = match self.log.load_many(&[&sheet, &campaign]).await {
            Ok(events) => events,
            Err(error) => {
                tracing::warn!(%error, "cannot say who came first");
                return problem;
            }
        };
        let newest = events.into_iter().max_by_key(|event| event.position);
        let Some(newest) = newest else {
            return problem;
        };
        let by = newest.metadata().unwrap_or_default().actor;
        let kind = newest.kind.rsplit('.').next().unwrap_or_default();
        problem
            .with("changed", kind)
            .with("changed_by", by)
            .with("changed_at", newest.occurred_at().to_string())
    }

    async fn attempt<R: Message + Default>(
        &self,
        call: &Call,
        by: &Person,
        place: &Place,
        action: &Action,
        respond: impl Fn(&Seen<'_>, &Person) -> R,
    ) -> Result<Result<Executed<R>, ExecuteError<Refusal>>, Problem> {
        let Place {
            campaign: code,
            unit,
        } = place;
        let (mut ground, campaign_version): (Ground, Version) = self.ground(code, unit).await?;
        let stream = sheet_stream(code, unit);
        let cited = match action {
            Action::AcceptAll => self.cited_by_sheet(&ground, &stream).await?,
            action => self.cited(&ground, action).await?,
        };
        let mut context = call.context.clone();
        if let Some(of_sheet) = &cited.of_sheet {
            // What is accepted must cite nothing else than was looked up.
            context.expected_version = context.expected_version.or(of_sheet.version);
            ground.revoked.clone_from(&of_sheet.revoked);
        }
        let campaign = (campaign_stream(code), campaign_version);
        let beside: Vec<_> = cited.beside.iter().cloned().chain([campaign]).collect();
        let executed = execute_beside::<SheetCodec, R>(
            &self.log,
            &stream,
            &beside,
            &context,
            |sheet, _| {
                let events = sheet.decide(Command {
                    at: call.context.received_at,
                    by: by.clone(),
                    ground: ground.clone(),
                    action: action.clone(),
                })?;
                cited.founded().map(|()| events)
            },
            |sheet: &Sheet, version| {
                let seen = Seen {
                    code,
                    ground: &ground,
                    sheet,
                    version,
                    position: 0,
                };
                respond(&seen, by)
            },
        );
        Ok(executed.await)
    }
}
