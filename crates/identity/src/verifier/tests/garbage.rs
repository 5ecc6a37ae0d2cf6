//! What nobody signed.

use proptest::prelude::*;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn garbage_is_refused(token in "\\PC{0,200}|([A-Za-z0-9_-]{0,60}\\.){0,4}[A-Za-z0-9_-]{0,60}") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (_place, _signer, verifier) = world().await;
            refusal(&verifier, &token, now()).await;
        });
    }

    #[test]
    fn a_token_changed_anywhere_is_refused(at in 0_usize..400, to in "[A-Za-z0-9_.-]") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (_place, signer, verifier) = world().await;
            let token = signer.token(&clerk(), terms());
            let at = at % token.len();
            let mut changed = token.clone();
            changed.replace_range(at..=at, &to);
            if changed != token {
                refusal(&verifier, &changed, now()).await;
            }
        });
    }

    #[test]
    fn garbage_is_no_key_set(json in "\\PC{0,100}|\\{\"keys\": ?\\[.{0,50}\\]\\}") {
        let _ = Keys::parse(json.as_bytes());
    }
}
