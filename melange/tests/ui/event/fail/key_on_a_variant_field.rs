#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub enum Changed {
    Name {
        #[event(key)]
        id: String,
    },
}

fn main() {}
