//! Holds a log still in the middle of what is being appended, so that a test can kill something *there*, however fast
//! the machine is.

use stack::Stack;

use crate::eventually;
use crate::program::sql;

/// A trigger that lets no event beyond a position in until it is released.
#[derive(Debug)]
pub struct Brake<'a> {
    stack: &'a Stack,
    database: String,
}

impl<'a> Brake<'a> {
    /// Brakes appends to the log of this database that would go beyond `position`.
    pub fn at(stack: &'a Stack, database: &str, position: i64) -> Self {
        // A function that is volatile sees what others have committed at each turn of its loop.
        let set = format!(
            "create schema brake;
             create table brake.holds ();
             insert into brake.holds default values;
             create function brake.hold() returns trigger language plpgsql volatile as $$
             begin
                 while exists (select from brake.holds) loop perform pg_sleep(0.01); end loop;
                 return new;
             end $$;
             create trigger brake before insert on eventlog.events
                 for each row when (new.position > {position}) execute function brake.hold();"
        );
        sql(stack, database, &set);
        Self {
            stack,
            database: database.to_owned(),
        }
    }

    /// Waits until an append waits; the position of the log then.
    pub async fn held(&self) -> i64 {
        let waiting = "select (select position from eventlog.head) from pg_stat_activity
                       where datname = current_database() and wait_event = 'PgSleep' limit 1";
        eventually("an append waits at the brake", async || {
            let position = sql(self.stack, &self.database, waiting);
            position.parse().map_err(|_| "none waits")
        })
        .await
    }

    /// Lets everything through.
    pub fn release(self) {
        sql(self.stack, &self.database, "delete from brake.holds");
    }
}
