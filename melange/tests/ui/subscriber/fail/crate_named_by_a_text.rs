fn main() {
    let _ = melange::EventBus::builder().crates(melange::crates!["orders"]);
}
