//! Builds again when the page was built again, since its files are embedded.

fn main() {
    println!("cargo::rerun-if-changed=../../web/dist");
}
