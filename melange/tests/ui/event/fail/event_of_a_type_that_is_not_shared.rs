pub struct Cache(std::cell::RefCell<u64>);

#[derive(melange::Event)]
#[event(local)]
pub struct Filled {
    pub caches: [Cache; 2],
}

fn main() {}
