fn main() {
    let _ = melange::EventBus::builder().state(std::rc::Rc::new(0_u64));
}
