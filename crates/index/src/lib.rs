//! One engine for every index: a definition is a document; scores, totals, bands and ranks follow from it, purely.
//!
//! [`Definition::parse`] reads a YAML document and checks it in whole: names, types, sums, bands, and the examples that
//! it carries. [`Leaf::score`] turns inputs into points with their why, [`Definition::aggregate`] turns leaf scores into
//! an index, [`Definition::rank`] ranks units. Points are exact decimals throughout and are rounded where the
//! definition says, half up. Too little data means no score, with the reason; never zero.
//!
//! # The document
//!
//! ```
//! let definition = index::Definition::parse(r#"
//! code: model                              # small letters, digits, hyphens
//! edition: "2024"
//! name: { vi: Bộ mẫu, en: Model set }
//! source: a model, not a decision          # the legal text
//! groups: [department, district]           # words of ids::GROUPS
//! in_force: { from: 2024-01-01 }           # until: the last day, where there is one
//! rounding: { digits: 2, at: [leaf] }      # leaf, component, total (always)
//! missing: withhold                        # or leave_out: what has no score leaves the maximum
//! value: percent                           # what bands and ranks look at, or points
//! total: { max: 6 }                        # min; over: allowed lets a bonus exceed it
//! ranking: { ties: standard, on: rounded } # dense; unrounded; exclude: [{ unit, reason }]; least_max
//! bands:
//!   at_cut: higher                         # to which side a value at a cut falls
//!   list:
//!     - { code: a, name: { vi: Tốt, en: Good }, from: 80, until: 100 }
//!     - { code: b, name: { vi: Kém, en: Poor }, from: 0, until: 80 }
//! inputs:                                  # kinds: flow, stock, registry, reported, appraised, surveyed
//!   done: { kind: flow, vi: Đã xong, en: tasks done }
//!   planned: { kind: reported, vi: Được giao, en: tasks planned }
//! components:                              # nested; aggregate: sum, mean, weighted_mean, { rescale_from: 1 }
//!   - code: C1                             # part: bonus or penalty; capped: yes
//!     name: { vi: Nhiệm vụ, en: Tasks }
//!     max: 6
//!     leaves:
//!       - code: "1.1"
//!         name: { vi: Hoàn thành, en: Completed }
//!         max: 4
//!         source: measured                 # reported, appraised, surveyed
//!         rule: { ratio: { of: done, to: planned, full_at: 80%, when_zero: none } }
//!         examples: [{ inputs: { done: 4, planned: 10 }, points: 2 }]
//!       - code: "1.2"
//!         name: { vi: Ban hành, en: Issued }
//!         max: 2
//!         source: appraised
//!         inputs: { plan: [on_time, late, none] } # or number, yes_no
//!         applies: planned > 0             # otherwise it leaves the maximum
//!         rule: { state: { of: plan, points: { on_time: full, late: 1, none: 0 } } }
//! examples:
//!   - inputs: { done: 9, planned: 10, plan: late }
//!     expect: { points: { C1: 5 }, total: 5, percent: 83.33, band: a }
//! "#, "model.yaml").expect("a sound definition");
//! let inputs = [("done", 4), ("planned", 10)].into_iter().collect();
//! let leaf = &definition.leaves()[0];
//! assert_eq!(leaf.calculation(&leaf.score(&inputs)), "min(4, 4 × 4 / 10 / 0.8) = 2.00");
//! ```
//!
//! # Components
//!
//! | `aggregate` | Points of a component |
//! |---|---|
//! | `sum` (when nothing is said) | the children's points added up; their maxima add up to its own, or it says `capped: yes` |
//! | `mean`, `weighted_mean` (each child has a `weight`) | `max ×` mean of the children's shares of their maxima |
//! | `{ rescale_from: F }` | `F + (max − F) ×` that mean; with `max: 10 F` that is `F × (1 + 9 × mean)`, as in PAPI |
//!
//! An indicator of an index like PAPI is a leaf with `max: 1` and `linear: { of, from, until }`: `(x − from) / (until −
//! from)`, from the high to the low end where low is good. What is withheld has no score; with `missing: withhold`
//! neither has what it belongs to, up to the total, and what has no total has no rank.
//!
//! # Bands
//!
//! Bands cover every value from the lowest to the highest. With `percentiles_of: ranked` (or `everyone`: who has no rank
//! counts as 0) `from` and `until` are percentiles of the units that are ranked together, both ends counted, so quartiles
//! are 75, 50 and 25; then a unit's band follows from [`Definition::rank`].
//!
//! # Rules
//!
//! | Shape | Points |
//! |---|---|
//! | `ratio: { of, to, full_at, floor, when_zero }` | `max × of / to / full_at`, at most `max`; nothing below `floor` |
//! | `bands: { of, to, when_zero, steps: { "> 90%": 2, "70%..90%": 1, "< 70%": 0 } }` | of the step that holds the value; `a..b` holds both ends, `[a..b)` as written |
//! | `linear: { of, to, when_zero, from, until }` | none at `from`, `max` at `until` |
//! | `credit: { each: { count: 0.5 }, cap }` | per item, up to the cap |
//! | `deduct: { each: { light: 50%, serious: full } }` | off `max`, down to 0 |
//! | `likert: { each: { a: 100%, b: 60% }, at_least }` | `max ×` mean weight of the answers |
//! | `state: { of, points }` | by state |
//! | `yes_no: condition`, `all_of: [conditions]` | `max` or nothing |
//! | `value: { of, out_of }` | `max × of / out_of` |
//! | `given: figure` | the figure itself |
//! | `expression: …`, or the text alone | what it comes to |
//! | `info: { of, to }` | none: a figure to show, for a leaf with max 0 |
//!
//! `of`, `to`, counts and conditions are expressions over inputs: `+ - * /`, comparisons, `and`, `or`, `not`,
//! `rate in [0.8..0.95)`, `a ? b : c`, `min([a, b])`, `max`, `sum`, `abs`, `round`, `floor`, `ceil`, and `full` for the
//! leaf's maximum. `when_zero` says what a share of nothing gives: points, `full`, `none` (no score) or
//! `not_applicable` (the leaf leaves the maximum).
#![forbid(unsafe_code)]

mod aggregate;
mod definition;
mod diff;
mod example;
mod expression;
mod fault;
mod heading;
mod leaf;
mod percentile;
mod rank;
mod read;
mod rule;
mod score;
mod text;
mod value;
mod yaml;

pub use aggregate::{ComponentScore, IndexResult};
pub use definition::{Aggregate, Band, Component, Definition, Input, InputKind, Part};
pub use diff::{Changed, Difference, Differing};
pub use fault::Fault;
pub use heading::{Heading, HeadingError};
pub use leaf::{Leaf, Source};
pub use rank::{Ranked, Standing};
pub use score::{LeafScore, NoScore};
pub use text::Name;
pub use value::{Inputs, Value};
