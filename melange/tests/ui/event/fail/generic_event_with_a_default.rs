use melange::Event;

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Changed<T = u8> {
    pub to: T,
}

fn main() {}
