//! Called wrongly: exit code 64, and the way out.

use super::ran;

#[test]
fn what_is_not_there_is_answered_by_what_is_near() {
    for (arguments, says) in [
        (&["evnts"][..], "'events'"),
        (&["dlq", "redriv"], "'redrive'"),
        (&["dlq", "redrive", "--dryrun"], "'--dry-run'"),
        (&["events", "--output", "yaml"], "[possible values: table, json]"),
        (&["publish", "OrderPlacd", "--json", "{}"], "did you mean `OrderPlaced`?"),
        (&["publish", "orderplaced", "--json", "{}"], "did you mean `OrderPlaced`?"),
        (&["publish", "OrderPlaced@7", "--json", "{}"], "there is OrderPlaced@1"),
        (&["check", "--publishes", "OrderPlacd"], "did you mean `OrderPlaced`?"),
        (&["subscribers", "--event", "Parcel"], "did you mean `ParcelMoved`?"),
        (&["consume", "--once", "--queue", "biling"], "did you mean `billing`?"),
        (&["publish", "OrderPlaced"], "--json <JSON>"),
        (&["consume"], "<--once|--most <COUNT>>"),
        (&["consume", "--most", "0"], "0 is not in 1.."),
        (&["dlq", "ls", "--older-than", "yesterday"], "write it as 90s, 15m, 2h, 7d"),
        (&["dlq", "redrive", "--natively", "--most", "3"], "cannot be used with"),
        (&["completions", "tcsh"], "possible values"),
        (&[], "Usage: cli_memory melange"),
        (&["dlq"], "Usage: cli_memory melange dlq"),
    ] {
        let refused = ran(arguments);
        assert_eq!((refused.code, refused.out.as_str()), (Some(64), ""), "{arguments:?}");
        assert!(refused.err.contains(says), "{arguments:?}: {refused:?}");
    }
}
