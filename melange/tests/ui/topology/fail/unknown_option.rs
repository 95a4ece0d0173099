fn main() {
    melange::assert_topology!(queue = "billing", handeld);
}
