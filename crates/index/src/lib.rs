//! One engine for every index: a definition is a document; scores, totals, bands and ranks follow from it, purely.
//!
//! [`Definition::parse`] reads a YAML document and checks it in whole: names, types, sums, bands, and the examples that
//! it carries. [`Leaf::score`] turns inputs into points with their why, [`Definition::aggregate`] turns leaf scores into
//! an index, [`Definition::rank`] ranks units. Points are exact decimals throughout and are rounded where the
//! definition says, half up. Too little data means no score, with the reason; never zero.
#![forbid(unsafe_code)]

mod aggregate;
mod definition;
mod example;
mod expression;
mod fault;
mod leaf;
mod rank;
mod read;
mod rule;
mod score;
mod text;
mod value;
mod yaml;

pub use aggregate::{ComponentScore, IndexResult};
pub use definition::{Aggregate, Band, Component, Definition, Input, InputKind, Part};
pub use fault::Fault;
pub use leaf::{Leaf, Source};
pub use rank::{Ranked, Standing};
pub use score::{LeafScore, NoScore};
pub use text::Name;
pub use value::{Inputs, Value};
