use std::collections::BTreeSet;

use prost_reflect::DescriptorPool;

use super::*;

/// Every method that a server of this system can serve, as `/package.Service/Method`.
fn served() -> BTreeSet<String> {
    let sets = [
        contracts::FILE_DESCRIPTOR_SET,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ];
    let pools = sets.map(|set| DescriptorPool::decode(set).unwrap());
    let methods = pools.iter().flat_map(|pool| {
        pool.services().flat_map(|service| {
            let methods: Vec<String> = service
                .methods()
                .map(|method| format!("/{}/{}", service.full_name(), method.name()))
                .collect();
            methods
        })
    });
    methods.collect()
}

fn named() -> Vec<String> {
    let methods = table().flat_map(|rule| {
        let name = |method| format!("/{}/{method}", rule.service);
        rule.methods.iter().map(name)
    });
    methods.collect()
}

#[test]
fn every_method_of_every_service_is_in_the_table_once_and_no_other_is() {
    let named = named();
    let once: BTreeSet<String> = named.iter().cloned().collect();
    assert_eq!(once.len(), named.len(), "a method is in the table twice");
    let served = served();
    let missing: Vec<_> = served.difference(&once).collect();
    assert!(missing.is_empty(), "not in the table: {missing:#?}");
    let unknown: Vec<_> = once.difference(&served).collect();
    assert!(unknown.is_empty(), "no such method: {unknown:#?}");
}

#[test]
fn what_the_table_does_not_name_is_open_to_nobody() {
    for path in ["", "/", "/no.such/Method", "chiso.log.v1.LogService/Read"] {
        assert_eq!(access(path), Access::To(&[]), "{path}");
    }
}

#[test]
fn duties_are_separate() {
    let methods = |role| {
        let rules = table().filter(move |rule| match rule.access {
            Access::Open => false,
            Access::To(grants) => grants.iter().any(|grant| grant.role == role),
        });
        rules.flat_map(|rule| rule.methods.iter().map(|method| (rule.service, *method)))
    };
    let reads = |method: &str| {
        let verbs = [
            "Get",
            "List",
            "Watch",
            "Read",
            "Subscribe",
            "Verify",
            "Explain",
            "Download",
            "Export",
            "Preview",
            "ServerReflection",
            "Compare",
            "Validate",
            "Diff",
        ];
        verbs.iter().any(|verb| method.starts_with(verb))
    };
    for role in [Role::Auditor, Role::Analyst] {
        for (service, method) in methods(role) {
            assert!(reads(method), "{role} writes with {service}/{method}");
        }
    }
    for rule in table() {
        let Access::To(grants) = rule.access else {
            continue;
        };
        let (service, methods) = (rule.service, rule.methods);
        let writes = methods.iter().any(|method| !reads(method));
        for grant in grants.iter().filter(|_| writes) {
            let bounded = match grant.role {
                Role::Clerk | Role::Assessor => grant.condition == Condition::OwnUnit,
                // Its token says of which unit a ballot is, and who answers is not known.
                Role::Integrator if methods == ["CastBallot"] => true,
                Role::Integrator => grant.condition == Condition::GrantedUnit,
                Role::Appraiser => grant.condition == Condition::OtherUnit,
                _ => true,
            };
            assert!(bounded, "{}: {service} {methods:?}", grant.role);
        }
        let roles: BTreeSet<Role> = grants.iter().map(|grant| grant.role).collect();
        assert_eq!(roles.len(), grants.len(), "a role twice: {methods:?}");
    }
}

#[test]
fn nobody_confirms_what_is_the_own() {
    let grant = |path: &str, role| match access(path) {
        Access::To(grants) => grants.iter().find(|grant| grant.role == role),
        Access::Open => None,
    };
    let provisos = |path: &str, role| grant(path, role).map(|grant| grant.provisos);
    let campaigns = |method: &str| format!("/chiso.assessments.v1.CampaignsService/{method}");
    for (method, role, proviso) in [
        ("AppraiseLeaf", Role::Appraiser, Proviso::Assigned),
        ("AppraiseLeaf", Role::Appraiser, Proviso::NotClaimant),
        ("AcceptLeaves", Role::Appraiser, Proviso::NotClaimant),
        ("RemarkOnLeaf", Role::Council, Proviso::NotClaimant),
        ("RemarkOnLeaf", Role::Council, Proviso::ForOtherUnits),
        ("PublishCampaign", Role::Chair, Proviso::NotApprover),
        ("GetAssessment", Role::Appraiser, Proviso::Assigned),
    ] {
        let said = provisos(&campaigns(method), role).unwrap();
        assert!(said.contains(&proviso), "{method}: {said:?}");
    }
}

#[test]
fn the_stages_of_a_rule_are_in_their_order() {
    for rule in table() {
        assert!(rule.stages.is_sorted_by(|one, next| one < next), "{rule:?}");
    }
}

#[test]
fn the_page_shows_the_table_as_it_is() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/AUTHORISATION.md");
    #[allow(
        clippy::disallowed_methods,
        reason = "a test is told to write, as others here are"
    )]
    if std::env::var_os("CHISO_REGENERATE").is_some() {
        std::fs::write(path, page()).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == page(),
        "run CHISO_REGENERATE=1 cargo test -p identity the_page"
    );
}
