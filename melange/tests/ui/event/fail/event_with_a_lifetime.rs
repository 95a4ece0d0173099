#[derive(serde::Serialize, melange::Event)]
#[event(topic = "orders")]
pub struct Changed<'a> {
    pub to: &'a str,
}

fn main() {}
