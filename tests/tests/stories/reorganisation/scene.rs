//! The province before 1 July 2025, and what happened to it on that day.

use contracts::dossiers::v1 as dossiers;
use contracts::log::v1::CommandContext;
use contracts::registry::v1 as registry;
use registry::{SuccessionKind, UnitGroup};
use system_tests::{Province, eventually, given};

/// Huyện Nghĩa Hưng, until 30 June 2025.
pub(super) const DISTRICT: &str = "H40.24";
/// Thị trấn Lâm and xã Yên Phong, which became part of xã Ý Yên.
pub(super) const TOWN: &str = "H40.23.01";
pub(super) const YEN_PHONG: &str = "H40.23.02";
/// Communes of 1 July 2025.
pub(super) const Y_YEN: &str = "H40.31";
pub(super) const NGHIA_HUNG: &str = "H40.33";
pub(super) const RANG_DONG: &str = "H40.34";
/// A procedure of districts and one of communes, with limits that no dossier here reaches.
const OF_DISTRICTS: &str = "1.000002";
const OF_COMMUNES: &str = "1.000003";

/// When the new units took over.
const SUCCESSION: &str = "2025-07-01T00:00:00+07:00";

fn context(at: &str) -> Option<CommandContext> {
    let at: jiff::Timestamp = at.parse().expect("a moment");
    Some(CommandContext {
        occurred_at: Some(contracts::wire::timestamp(at)),
        ..Default::default()
    })
}

fn name(vi: &str) -> Option<registry::Name> {
    Some(registry::Name {
        vi: vi.into(),
        en: String::new(),
    })
}

async fn unit(province: &Province, code: &str, vi: &str, group: UnitGroup, valid_from: &str) {
    let put = registry::PutUnitRequest {
        code: code.into(),
        name: name(vi),
        group: group.into(),
        parent: "H40".into(),
        valid_from: valid_from.into(),
        ..Default::default()
    };
    let mut client = province.services.registry.clone();
    client.put_unit(put).await.expect("a unit");
}

/// The province before, with what everybody knew would come.
pub(super) async fn before(province: &Province) {
    given::catalog(&province.services).await;
    let (old, new) = ("2020-01-01", "2025-07-01");
    for (code, vi, group, since) in [
        (DISTRICT, "Huyện Nghĩa Hưng", UnitGroup::District, old),
        (TOWN, "Thị trấn Lâm", UnitGroup::Commune, old),
        (YEN_PHONG, "Xã Yên Phong", UnitGroup::Commune, old),
        (Y_YEN, "Xã Ý Yên", UnitGroup::Commune, new),
        (NGHIA_HUNG, "Xã Nghĩa Hưng", UnitGroup::Commune, new),
        (RANG_DONG, "Xã Rạng Đông", UnitGroup::Commune, new),
    ] {
        unit(province, code, vi, group, since).await;
    }
    for (code, authority) in [
        (OF_DISTRICTS, UnitGroup::District),
        (OF_COMMUNES, UnitGroup::Commune),
    ] {
        let put = registry::PutProcedureRequest {
            code: code.into(),
            name: name("Đăng ký"),
            sector: "test".into(),
            limit: Some(registry::TimeLimit {
                limit: Some(registry::time_limit::Limit::WorkingDays(900)),
            }),
            online: registry::OnlineLevel::Full.into(),
            authority: authority.into(),
            valid_from: "2020-01-01".into(),
            ..Default::default()
        };
        let mut client = province.services.registry.clone();
        client.put_procedure(put).await.expect("a procedure");
    }
}

async fn received(province: &Province, code: &str, unit: &str, procedure: &str) {
    eventually("a dossier is received", async || {
        let request = dossiers::ReceiveDossierRequest {
            context: context("2025-06-10T09:00:00+07:00"),
            code: code.into(),
            procedure: procedure.into(),
            unit: unit.into(),
            channel: dossiers::Channel::Counter.into(),
            ..Default::default()
        };
        province
            .services
            .dossiers
            .clone()
            .receive_dossier(request)
            .await
    })
    .await;
}

pub(super) async fn completed(province: &Province, code: &str, at: &str) {
    let request = dossiers::CompleteDossierRequest {
        context: context(at),
        code: code.into(),
    };
    let mut client = province.services.dossiers.clone();
    client.complete_dossier(request).await.expect("completed");
}

/// June: three dossiers at the district, two at the town, one at Yên Phong; one of each of the first two is done.
pub(super) async fn june(province: &Province) {
    for (code, unit, procedure) in [
        ("d-1", DISTRICT, OF_DISTRICTS),
        ("d-2", DISTRICT, OF_DISTRICTS),
        ("d-3", DISTRICT, OF_DISTRICTS),
        ("t-1", TOWN, OF_COMMUNES),
        ("t-2", TOWN, OF_COMMUNES),
        ("y-1", YEN_PHONG, OF_COMMUNES),
    ] {
        received(province, code, unit, procedure).await;
    }
    completed(province, "d-1", "2025-06-20T09:00:00+07:00").await;
    completed(province, "t-1", "2025-06-25T09:00:00+07:00").await;
}

/// The old units end, and their open dossiers go over.
pub(super) async fn succession(province: &Province) {
    for (code, kind, successors) in [
        (
            DISTRICT,
            SuccessionKind::Abolished,
            vec![NGHIA_HUNG, RANG_DONG],
        ),
        (TOWN, SuccessionKind::Merged, vec![Y_YEN]),
        (YEN_PHONG, SuccessionKind::Merged, vec![Y_YEN]),
    ] {
        let end = registry::SucceedUnitRequest {
            code: code.into(),
            kind: kind.into(),
            successors: successors.into_iter().map(str::to_owned).collect(),
            valid_until: "2025-07-01".into(),
            ..Default::default()
        };
        let mut client = province.services.registry.clone();
        client.succeed_unit(end).await.expect("a succession");
    }
    let rule = |to_unit: &str, code: &str| dossiers::HandOverRule {
        to_unit: to_unit.into(),
        codes: vec![code.into()],
        ..Default::default()
    };
    let of_district = vec![rule(NGHIA_HUNG, "d-2"), rule(RANG_DONG, "d-3")];
    for (unit, rules, expected) in [
        (DISTRICT, of_district, 2),
        (TOWN, Vec::new(), 1),
        (YEN_PHONG, Vec::new(), 1),
    ] {
        let answer = eventually("the succession is known", async || {
            let request = dossiers::HandOverUnitRequest {
                context: context(SUCCESSION),
                unit: unit.into(),
                reason: "Sắp xếp đơn vị hành chính".into(),
                rules: rules.clone(),
                ..Default::default()
            };
            province
                .services
                .dossiers
                .clone()
                .hand_over_unit(request)
                .await
        })
        .await
        .into_inner();
        assert_eq!(
            (answer.handed_over.len(), answer.remaining),
            (expected, 0),
            "{unit}"
        );
    }
}
