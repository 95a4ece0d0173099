//! What can be wrong with events alone: names, versions, aliases, shapes.

use melange::{EventSerializer, Problem, ProblemKind, Registry};

use crate::by_hand::listeners;
use crate::{
    Backwards, BadTopic, Crowded, DottedTopic, FromForeign, FromForeignByAlias, Full, Keyed, Keyless, Level, LongTopic,
    NoTopicName, Other, OtherAlias, Placed, PlacedAgain, PlacedV2, Renamed, RenamedV2, V1, V2, V3, V3FromV1, checked,
    the_only,
};

#[test]
fn what_is_right_has_no_problems() {
    checked(listeners![Placed]).unwrap();
}

#[test]
fn two_events_of_one_name_and_version_are_refused_with_both_places() {
    let problem = the_only(
        checked(listeners![Placed, PlacedAgain]),
        ProblemKind::DuplicateEvent,
        &["Placed v1", "`PlacedAgain`", "`Placed`", "#[event(name"],
    );
    assert_eq!(problem.to_string().matches("tests/checks/main.rs:").count(), 2, "{problem}");
}

#[test]
fn a_serializer_refuses_two_events_of_one_name_and_version() {
    let serializer = EventSerializer::of(&Registry::of(listeners![Placed, PlacedAgain]));
    the_only(serializer.map(drop), ProblemKind::DuplicateEvent, &["Placed v1"]);
}

#[test]
fn two_versions_of_one_name_may_live_side_by_side() {
    checked(listeners![Placed, PlacedV2]).unwrap();
}

#[test]
fn several_subscribers_of_one_event_are_no_problem() {
    checked(listeners![Placed, Placed]).unwrap();
}

#[test]
fn an_alias_that_is_the_name_of_another_event_is_refused() {
    let result = checked(listeners![Renamed, Other]);
    the_only(result, ProblemKind::AliasCollision, &["Renamed v1", "\"Former\"", "Former v1", "drop the alias"]);
}

#[test]
fn an_alias_that_two_events_have_is_refused_at_both() {
    let errors = checked(listeners![Renamed, OtherAlias]).unwrap_err();
    let kinds: Vec<_> = errors.iter().map(Problem::kind).collect();
    assert_eq!(kinds, [ProblemKind::AliasCollision, ProblemKind::AliasCollision], "{errors}");
}

#[test]
fn versions_of_one_event_share_their_aliases() {
    checked(listeners![Renamed, RenamedV2]).unwrap();
}

#[test]
fn a_whole_chain_of_versions_is_no_problem() {
    checked(listeners![V3]).unwrap();
    checked(listeners![V3, V2, V1]).unwrap();
}

#[test]
fn a_hole_in_a_chain_of_versions_is_refused() {
    let result = checked(listeners![V3FromV1]);
    the_only(result, ProblemKind::UpcastGap, &["Versioned v3", "from v1 but not from v2", "`upcast_from`"]);
}

#[test]
fn a_chain_of_versions_that_runs_backwards_is_refused() {
    let result = checked(listeners![Backwards]);
    the_only(result, ProblemKind::UpcastGap, &["Versioned v1", "Versioned v2 (`V2`)", "not older", "`version`"]);
}

#[test]
fn a_version_made_from_one_of_the_same_number_is_refused() {
    let result = checked(listeners![Level]);
    the_only(result, ProblemKind::UpcastGap, &["Versioned v2", "(`V2`)", "not older"]);
}

#[test]
fn an_older_version_of_another_name_is_refused() {
    let result = checked(listeners![FromForeign]);
    the_only(result, ProblemKind::UpcastGap, &["Native v2", "Foreign v1 (`Foreign`)", "another name", "`alias`"]);
}

#[test]
fn an_older_version_of_another_name_is_fine_under_an_alias() {
    checked(listeners![FromForeignByAlias]).unwrap();
}

#[test]
fn a_fifo_topic_needs_a_key() {
    let result = checked(listeners![Keyless]);
    the_only(result, ProblemKind::FifoWithoutKey, &["Keyless v1", "\"steps.fifo\"", "#[event(key)]"]);
    checked(listeners![Keyed]).unwrap();
}

#[test]
fn more_than_eight_attributes_are_refused() {
    let result = checked(listeners![Crowded]);
    the_only(result, ProblemKind::TooManyAttributes, &["Crowded v1", "5 fields", "own 4", "at most 4"]);
    checked(listeners![Full]).unwrap();
}

#[test]
fn topics_that_sns_would_refuse_are_refused() {
    the_only(checked(listeners![BadTopic]), ProblemKind::IllegalName, &["BadTopic v1", "\"my orders\"", "SNS"]);
    the_only(checked(listeners![DottedTopic]), ProblemKind::IllegalName, &["\"my.orders\""]);
    the_only(checked(listeners![NoTopicName]), ProblemKind::IllegalName, &["\".fifo\""]);
    the_only(checked(listeners![LongTopic]), ProblemKind::IllegalName, &["256"]);
}
