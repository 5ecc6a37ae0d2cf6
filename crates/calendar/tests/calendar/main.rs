//! Working time as the law and the announced days have it.

mod days;
mod hours;
mod properties;
mod vietnam;
