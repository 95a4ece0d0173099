//! The file, and the gate that compares it.

use std::path::PathBuf;

use melange::Registry;
use melange::contract::{ChangeKind, Contract, ContractErrorKind, check_registry};

use crate::builds::*;
use crate::versions::versioned;
use crate::within::nested;

fn file(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_file(&path);
    path
}

#[test]
fn the_text_is_the_same_every_time_and_made_for_people() {
    let registry =
        Registry::default().with::<nested::base::Placed>().with::<versioned::PlacedV1>().with::<keyed::Placed>();
    let text = Contract::of(&registry).unwrap().to_string();
    assert_eq!(text, Contract::of(&registry).unwrap().to_string());
    insta::assert_snapshot!(Contract::of(&Registry::default().with::<nested::base::Placed>()).unwrap());
    assert!(text.ends_with("}\n"));
}

#[test]
fn the_gate_is_one_call() {
    // As cargo would run it where `CI` is not set: what the environment says is set by cargo's own runs only.
    let is_ci = std::env::var_os("CI").is_some();
    let path = file("gate.json");
    let registry = Registry::default().with::<base::Placed>();
    let missing = check_registry(&registry, &path).unwrap_err();
    assert_eq!(missing.kind(), ContractErrorKind::Missing);
    assert!(missing.to_string().contains("MELANGE_BLESS=1 cargo test"), "{missing}");

    Contract::of(&registry).unwrap().write(&path).unwrap();
    assert!(check_registry(&registry, &path).unwrap().is_empty());

    let before = std::fs::read_to_string(&path).unwrap();
    let refused = check_registry(&Registry::default().with::<without::Placed>(), &path).unwrap_err();
    assert_eq!(refused.kind(), ContractErrorKind::Incompatible);
    assert!(refused.changes().is_incompatible() && refused.to_string().contains("gate.json"), "{refused}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), before, "what is refused is not written");

    if !is_ci {
        // What is added compatibly is guarded from then on.
        assert!(
            !check_registry(&Registry::default().with::<with_optional::Placed>(), &path).unwrap().is_incompatible()
        );
        let refused = check_registry(&registry, &path).unwrap_err();
        assert_eq!(refused.changes().iter().next().unwrap().kind(), ChangeKind::FieldRemoved);
    }

    std::fs::write(&path, "{}").unwrap();
    assert_eq!(check_registry(&registry, &path).unwrap_err().kind(), ContractErrorKind::Unreadable);
    std::fs::write(&path, before.replace("\"melange_contract\": 1", "\"melange_contract\": 99")).unwrap();
    let newer = check_registry(&registry, &path).unwrap_err();
    assert!(newer.to_string().contains("newer Melange"), "{newer}");
    let nowhere = Contract::default().write("/nowhere/at/all.json").unwrap_err();
    assert_eq!(nowhere.kind(), ContractErrorKind::Unwritable);
}
