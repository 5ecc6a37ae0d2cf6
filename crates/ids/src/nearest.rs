//! The name that was probably meant.

/// Most slips by which a name is still taken for another.
const SLIPS: usize = 3;

/// The known name that `name` is a slip of the pen away from: letters left out, added, exchanged, or swapped with their
/// neighbour, three at most and no more than a third of its letters; none when no name is so near. Of several the nearest,
/// then the first.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = SLIPS.min(name.chars().count() / 3);
    let slips = known.into_iter().map(|other| (slips(name, other), other));
    let near = slips.filter(|(slips, _)| *slips <= most);
    near.min_by_key(|(slips, _)| *slips).map(|(_, other)| other)
}

/// How many slips lie between two names.
fn slips(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    // Rows of the table of distances between beginnings: the one before the last, the last, and the one being filled.
    let mut before = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for row in 1..=one.len() {
        let mut current = vec![row];
        for column in 1..=other.len() {
            let exchanged = usize::from(one[row - 1] != other[column - 1]);
            let mut least = (last[column - 1] + exchanged)
                .min(last[column] + 1)
                .min(current[column - 1] + 1);
            let swapped = row > 1
                && column > 1
                && one[row - 1] == other[column - 2]
                && one[row - 2] == other[column - 1];
            if swapped {
                let two_before: &Vec<usize> = &before;
                least = least.min(two_before[column - 2] + 1);
            }
            current.push(least);
        }
        before = std::mem::replace(&mut last, current);
    }
    last[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted_one_by_one() {
        for (one, other, expected) in [
            ("handled", "handled", 0),
            ("recieved", "received", 1),
            ("handld", "handled", 1),
            ("handleed", "handled", 1),
            ("hendled", "handled", 1),
            ("", "abc", 3),
            ("abc", "", 3),
            ("hồ_sơ", "hồ_so", 1),
        ] {
            assert_eq!(slips(one, other), expected, "{one} {other}");
        }
    }

    #[test]
    fn only_what_is_near_is_named() {
        let known = ["dossiers_received", "dossiers_received_online", "handled"];
        assert_eq!(
            nearest("dossiers_recieved", known),
            Some("dossiers_received")
        );
        assert_eq!(nearest("petitions", known), None);
        assert_eq!(nearest("ab", ["ac"]), None, "of two letters one is a half");
    }
}
