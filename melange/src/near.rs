//! Names that people meant, where what they typed is none.

/// How alike two names must be to be offered, of 1.
const ALIKE: f64 = 0.75;
/// How much less alike than the likest.
const SPREAD: f64 = 0.08;
/// Most names that are offered.
const OFFERED: usize = 3;

/// Those of `names` that look like `wanted`, the likest first, as in "did you mean `OrderPlaced`?"; `None` if none does.
pub fn near<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let wanted = wanted.to_lowercase();
    let mut near: Vec<(f64, &str)> = names.into_iter().map(|name| (likeness(&wanted, name), name)).collect();
    near.retain(|(likeness, _)| *likeness >= ALIKE);
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    near.dedup_by(|a, b| a.1 == b.1);
    let least = near.first().map_or(0.0, |(likeness, _)| likeness - SPREAD);
    near.retain(|(likeness, _)| *likeness >= least);
    near.truncate(OFFERED);
    if near.is_empty() {
        return None;
    }
    let names: Vec<String> = near.iter().map(|(_, name)| format!("`{name}`")).collect();
    Some(format!("did you mean {}?", names.join(" or ")))
}

/// How much `name` looks like `wanted`, which is in lower case.
fn likeness(wanted: &str, name: &str) -> f64 {
    let name = name.to_lowercase();
    let within = !wanted.is_empty() && (name.contains(wanted) || wanted.contains(&name));
    // Of `shop::Ledger::placed`, people write the end.
    let ends = std::iter::successors(Some(name.as_str()), |name| name.split_once("::").map(|(_, end)| end));
    ends.map(|end| strsim::jaro_winkler(wanted, end)).fold(if within { 0.9 } else { 0.0 }, f64::max)
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn the_likest_names_are_offered() {
        let names = ["OrderPlaced", "OrderCancelled", "PaymentTaken", "orders.Shipped"];
        assert_eq!(near("OrderPlacd", names).unwrap(), "did you mean `OrderPlaced`?");
        assert_eq!(near("orderplaced", names).unwrap(), "did you mean `OrderPlaced`?");
        assert_eq!(near("shipped", names).unwrap(), "did you mean `orders.Shipped`?");
        assert_eq!(near("xyz", names), None);
    }

    #[test]
    fn of_a_path_its_end_will_do() {
        let names = ["shop::Ledger::placed", "send_receipt", "ship"];
        for (wanted, meant) in [
            ("send_recipt", Some("send_receipt")),
            ("sendReceipt", Some("send_receipt")),
            ("Ledger::place", Some("shop::Ledger::placed")),
            ("plced", Some("shop::Ledger::placed")),
            ("shipp", Some("ship")),
            ("typo", None),
        ] {
            let meant = meant.map(|name| format!("did you mean `{name}`?"));
            assert_eq!(near(wanted, names), meant, "{wanted}");
        }
    }
}
