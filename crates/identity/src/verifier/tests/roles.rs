//! What a token cannot make of its bearer.

use super::*;

#[tokio::test]
async fn a_token_makes_nobody_a_service() {
    let (_place, signer, verifier) = world().await;
    let claimed = Caller {
        roles: [Role::Service, Role::Clerk].into(),
        ..clerk()
    };
    let token = signer.token(&claimed, terms());
    let caller = verifier.verify(&token, now()).await.unwrap();
    assert_eq!(caller.roles, [Role::Clerk].into());
}
