//! Which of the known words the user meant.

/// The known word that is nearest to `word`, if any is near enough to be a slip of the hand.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase();
    let near = |candidate: &&'a str| (distance(&word, candidate), *candidate);
    let same_start =
        |candidate: &&&'a str| word.len() >= 3 && (candidate.starts_with(&word) || word.starts_with(**candidate));
    if let Some(candidate) = known.iter().find(same_start) {
        return Some(candidate);
    }
    let (distance, best) = known.iter().map(near).min_by_key(|(distance, _)| *distance)?;
    let allowed = (best.len() / 3).max(1) + 1;
    (distance <= allowed.min(best.len() - 1)).then_some(best)
}

/// How many letters must be added, dropped, changed or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let changed = usize::from(a[i - 1] != b[j - 1]);
            let mut least = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + changed);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = least;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 6] = ["topic", "name", "version", "alias", "upcast_from", "local"];

    #[test]
    fn slips_find_their_word() {
        for (slip, meant) in
            [("topics", "topic"), ("toipc", "topic"), ("Name", "name"), ("upcast", "upcast_from"), ("aliases", "alias")]
        {
            assert_eq!(nearest(slip, &KNOWN), Some(meant), "{slip}");
        }
    }

    #[test]
    fn other_words_find_none() {
        for other in ["queue_url", "x", "serialize"] {
            assert_eq!(nearest(other, &KNOWN), None, "{other}");
        }
    }
}
