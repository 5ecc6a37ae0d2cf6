//! The dossier's rules, by example and by property.

mod asking;
mod clock;
mod digital;
mod lifecycle;
mod matrix;
mod properties;
mod steps;
mod timeliness;
