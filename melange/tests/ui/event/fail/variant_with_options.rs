#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub enum Changed {
    #[event(topic = "names")]
    Name(String),
}

fn main() {}
