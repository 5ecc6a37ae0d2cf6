//! Not a story of its own: this test program, run again as `chiso`.

#[test]
fn runs_as_chiso() {
    system_tests::program::become_chiso();
}
