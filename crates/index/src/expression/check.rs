//! What an expression may contain: known names, matching types, nothing inexact or unbounded.

use std::collections::BTreeSet;

use bumpalo::Bump;
use zen_expression::functions::{FunctionKind, InternalFunction};
use zen_expression::lexer::{
    ArithmeticOperator, ComparisonOperator, Lexer, LogicalOperator, Operator,
};
use zen_expression::parser::{Node, Parser};

use super::{FULL, Names, Type};

/// Deepest nesting of operators and brackets.
const DEPTH_MAX: usize = 64;

/// What is known about an expression that passed.
pub(super) struct Checked {
    pub(super) found: Type,
    pub(super) names: BTreeSet<String>,
}

/// Checks `source`; the error lists everything that is wrong with it.
pub(super) fn check(source: &str, names: &Names) -> Result<Checked, Vec<String>> {
    let bump = Bump::new();
    let wrong = |error: &dyn std::fmt::Display| vec![format!("{source:?} cannot be read: {error}")];
    let tokens = Lexer::new()
        .tokenize(&bump, source)
        .map_err(|error| wrong(&error))?;
    let parser = Parser::try_new(&tokens, &bump).map_err(|error| wrong(&error))?;
    let parsed = parser.standard().parse();
    parsed.error().map_err(|error| wrong(&error))?;
    let mut checker = Checker {
        names,
        used: BTreeSet::new(),
        faults: Vec::new(),
    };
    match checker.visit(parsed.root, 0) {
        Some(found) if checker.faults.is_empty() => Ok(Checked {
            found: found.kind,
            names: checker.used,
        }),
        _ => Err(checker.faults),
    }
}

/// A part of an expression: its type, and whether it can come to nothing because it divides.
struct Found {
    kind: Type,
    divides: bool,
}

impl Found {
    fn exact(kind: Type) -> Option<Self> {
        Some(Self {
            kind,
            divides: false,
        })
    }
}

struct Checker<'n> {
    names: &'n Names,
    used: BTreeSet<String>,
    faults: Vec<String>,
}

impl Checker<'_> {
    fn fault(&mut self, message: impl Into<String>) -> Option<Found> {
        self.faults.push(message.into());
        None
    }

    fn visit(&mut self, node: &Node<'_>, depth: usize) -> Option<Found> {
        if depth > DEPTH_MAX {
            return self.fault(format!(
                "the expression is nested more than {DEPTH_MAX} deep"
            ));
        }
        let depth = depth + 1;
        match node {
            Node::Number(_) => Found::exact(Type::Number),
            Node::Bool(_) => Found::exact(Type::YesNo),
            Node::String(text) => Found::exact(Type::State(vec![(*text).to_owned()])),
            Node::Identifier(name) => self.name(name),
            Node::Parenthesized(inner) => self.visit(inner, depth),
            Node::Unary { node, operator } => self.unary(node, *operator, depth),
            Node::Binary {
                left,
                operator,
                right,
            } => self.binary(left, *operator, right, depth),
            Node::Conditional {
                condition,
                on_true,
                on_false,
            } => {
                let asked = self.typed(condition, &Type::YesNo, "the condition before ?", depth);
                let (yes, no) = (self.visit(on_true, depth), self.visit(on_false, depth));
                let (asked, yes, no) = (asked?, yes?, no?);
                if yes.kind != no.kind {
                    return self.fault("both sides of : have to be of one type");
                }
                Some(Found {
                    kind: yes.kind,
                    divides: asked | yes.divides | no.divides,
                })
            }
            Node::FunctionCall { kind, arguments } => self.call(kind, arguments, depth),
            Node::Array(_) => self.fault("a list may only stand behind in, or in min, max and sum"),
            Node::Interval { .. } => self.fault("an interval may only stand behind in"),
            _ => self.fault(
                "only numbers, 'states', names, + - * /, comparisons, and, or, not, in, ? : and \
                 min, max, sum, abs, round, floor, ceil are accepted",
            ),
        }
    }

    fn name(&mut self, name: &str) -> Option<Found> {
        if name == FULL {
            return Found::exact(Type::Number);
        }
        match self.names.get(name) {
            Some(kind) => {
                self.used.insert(name.to_owned());
                Found::exact(kind.clone())
            }
            None => self.fault(format!("{name:?} is not an input of this definition")),
        }
    }

    /// Visits a part that has to be of a type; answers whether it divides.
    fn typed(&mut self, node: &Node<'_>, kind: &Type, what: &str, depth: usize) -> Option<bool> {
        let found = self.visit(node, depth)?;
        if found.kind == *kind {
            return Some(found.divides);
        }
        let expected = if *kind == Type::Number {
            "a number"
        } else {
            "yes or no"
        };
        self.faults.push(format!("{what} has to be {expected}"));
        None
    }

    fn unary(&mut self, node: &Node<'_>, operator: Operator, depth: usize) -> Option<Found> {
        let (kind, what) = match operator {
            Operator::Arithmetic(ArithmeticOperator::Subtract) => {
                (Type::Number, "what - stands before")
            }
            Operator::Logical(LogicalOperator::Not) => (Type::YesNo, "what not stands before"),
            _ => return self.fault(format!("the operator {operator} is not accepted here")),
        };
        let divides = self.typed(node, &kind, what, depth)?;
        Some(Found { kind, divides })
    }

    fn binary(
        &mut self,
        left: &Node<'_>,
        operator: Operator,
        right: &Node<'_>,
        depth: usize,
    ) -> Option<Found> {
        use ArithmeticOperator::{Add, Divide, Multiply, Subtract};
        use ComparisonOperator::{
            Equal, GreaterThan, GreaterThanOrEqual, In, LessThan, LessThanOrEqual, NotEqual, NotIn,
        };
        let (kind, result, divides) = match operator {
            Operator::Arithmetic(Add | Subtract | Multiply) => (Type::Number, Type::Number, false),
            Operator::Arithmetic(Divide) => {
                if matches!(right, Node::Number(number) if number.is_zero()) {
                    return self.fault("divides by 0");
                }
                (Type::Number, Type::Number, true)
            }
            Operator::Logical(LogicalOperator::And | LogicalOperator::Or) => {
                (Type::YesNo, Type::YesNo, false)
            }
            Operator::Comparison(LessThan | GreaterThan | LessThanOrEqual | GreaterThanOrEqual) => {
                (Type::Number, Type::YesNo, false)
            }
            Operator::Comparison(Equal | NotEqual) => return self.equal(left, right, depth),
            Operator::Comparison(In | NotIn) => return self.within(left, right, depth),
            _ => return self.fault(format!("the operator {operator} is not accepted")),
        };
        let what = format!("each side of {operator}");
        let (one, other) = (
            self.typed(left, &kind, &what, depth),
            self.typed(right, &kind, &what, depth),
        );
        Some(Found {
            kind: result,
            divides: divides | one? | other?,
        })
    }

    /// A division by zero is nothing, and nothing equals nothing: a comparison for equality would hide it.
    fn equal(&mut self, left: &Node<'_>, right: &Node<'_>, depth: usize) -> Option<Found> {
        let (one, other) = (self.visit(left, depth), self.visit(right, depth));
        let (one, other) = (one?, other?);
        if one.divides || other.divides {
            return self.fault("== and != do not accept a division: multiply both sides instead");
        }
        if !comparable(&one.kind, &other.kind) {
            return self
                .fault("both sides of == and != have to be of one type, states from one list");
        }
        Found::exact(Type::YesNo)
    }

    fn within(&mut self, left: &Node<'_>, right: &Node<'_>, depth: usize) -> Option<Found> {
        let found = self.visit(left, depth)?;
        match right {
            Node::Interval { left, right, .. } => {
                let what = "each end of an interval";
                let low = self.typed(left, &Type::Number, what, depth);
                let high = self.typed(right, &Type::Number, what, depth);
                let divides = found.divides | low? | high?;
                if found.kind != Type::Number {
                    return self.fault("only a number can be in an interval");
                }
                Some(Found {
                    kind: Type::YesNo,
                    divides,
                })
            }
            Node::Array(items) => {
                for item in *items {
                    let item = self.visit(item, depth)?;
                    if item.divides || found.divides || !comparable(&found.kind, &item.kind) {
                        return self.fault(
                            "what in looks for and the list have to be of one type, undivided",
                        );
                    }
                }
                Found::exact(Type::YesNo)
            }
            _ => self.fault("behind in stands an interval such as [0.8..0.95) or a list"),
        }
    }

    fn call(
        &mut self,
        kind: &FunctionKind,
        arguments: &[&Node<'_>],
        depth: usize,
    ) -> Option<Found> {
        use InternalFunction::{Abs, Ceil, Floor, Max, Min, Round, Sum};
        let numbers: &[&Node<'_>] = match (kind, arguments) {
            (FunctionKind::Internal(Min | Max | Sum), [Node::Array(items)])
                if !items.is_empty() =>
            {
                items
            }
            (FunctionKind::Internal(Min | Max | Sum), _) => {
                return self.fault(format!("{kind} takes a list, such as {kind}([a, b])"));
            }
            (FunctionKind::Internal(Abs | Ceil | Floor | Round), [_]) => arguments,
            (FunctionKind::Internal(Round), [_, Node::Number(digits)])
                if digits.is_integer() && !digits.is_sign_negative() =>
            {
                arguments
            }
            (FunctionKind::Internal(Abs | Ceil | Floor | Round), _) => {
                return self.fault(format!(
                    "{kind} takes one number (round: and how many digits)"
                ));
            }
            _ => return self.fault(format!("the function {kind} is not accepted")),
        };
        let what = format!("what {kind} takes");
        let mut divides = Some(false);
        for number in numbers {
            let found = self.typed(number, &Type::Number, &what, depth);
            divides = divides.zip(found).map(|(one, other)| one | other);
        }
        Some(Found {
            kind: Type::Number,
            divides: divides?,
        })
    }
}

fn comparable(one: &Type, other: &Type) -> bool {
    match (one, other) {
        (Type::State(one), Type::State(other)) => {
            let within =
                |few: &[String], many: &[String]| few.iter().all(|state| many.contains(state));
            within(one, other) || within(other, one)
        }
        _ => one == other,
    }
}
