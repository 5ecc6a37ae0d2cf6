//! 1 July 2025: the districts end, old communes become new ones, and nothing that was counted is lost or counted twice.

use cli::Service;
use cli::rebuild::{Model, rebuild};
use contracts::projection::v1::{
    GetHistoryRequest, GetUnitIndexRequest, HistoryEntry, ListRankingsRequest, UnitIndex,
};
use contracts::scoring::v1::{
    ExplainScoreRequest, GetMeasuresRequest, GetMeasuresResponse, Organised, Predecessor,
};
use system_tests::{Province, given};
use tonic::Code;

use scene::{
    DISTRICT, NGHIA_HUNG, RANG_DONG, TOWN, Y_YEN, YEN_PHONG, before, completed, june, succession,
};

mod scene;
mod tasks;

async fn measured(
    province: &Province,
    subject: &str,
    period: &str,
    organised: Organised,
) -> GetMeasuresResponse {
    let request = GetMeasuresRequest {
        period: period.into(),
        subject: subject.into(),
        organised: organised.into(),
        ..Default::default()
    };
    let mut client = province.services.scoring.clone();
    client
        .get_measures(request)
        .await
        .expect("measures")
        .into_inner()
}

/// Received, handled, in process; none where a figure is withheld.
async fn counted(
    province: &Province,
    subject: &str,
    period: &str,
    organised: Organised,
) -> [Option<i64>; 3] {
    let answer = measured(province, subject, period, organised).await;
    ["dossiers_received", "handled", "in_process"].map(|name| {
        let found = answer.measures.iter().find(|measure| measure.name == name);
        found.map(|measure| measure.value.parse().expect("a whole number"))
    })
}

async fn index(
    province: &Province,
    subject: &str,
    period: &str,
    organised: Organised,
) -> Result<UnitIndex, tonic::Status> {
    let request = GetUnitIndexRequest {
        index: given::INDEX.into(),
        period: period.into(),
        subject: subject.into(),
        with_leaves: true,
        organised: organised.into(),
        ..Default::default()
    };
    let mut client = province.services.projection.clone();
    client
        .get_unit_index(request)
        .await
        .map(tonic::Response::into_inner)
}

async fn ranking(
    province: &Province,
    group: &str,
    period: &str,
    organised: Organised,
) -> Vec<UnitIndex> {
    let request = ListRankingsRequest {
        index: given::INDEX.into(),
        period: period.into(),
        group: group.into(),
        organised: organised.into(),
        ..Default::default()
    };
    let mut client = province.services.projection.clone();
    let answer = client.list_rankings(request).await.expect("a ranking");
    answer.into_inner().indices
}

/// The entries of a subject's history, a row a page.
async fn history(
    province: &Province,
    subject: &str,
    period: &str,
    organised: Organised,
) -> Result<Vec<HistoryEntry>, tonic::Status> {
    let mut request = GetHistoryRequest {
        index: given::INDEX.into(),
        subject: subject.into(),
        period: period.into(),
        page_size: 1,
        organised: organised.into(),
        ..Default::default()
    };
    let mut client = province.services.projection.clone();
    let mut entries = Vec::new();
    loop {
        let answer = client.get_history(request.clone()).await?.into_inner();
        entries.extend(answer.entries);
        if answer.next_page_token.is_empty() {
            return Ok(entries);
        }
        request.page_token = answer.next_page_token;
    }
}

/// Month by month what a unit's index says, with the months of those whose work it does now.
async fn histories_are_of_today_when_asked_so(province: &Province) {
    use Organised::{Now, Then};
    for (subject, organised, months) in [
        (Y_YEN, Then, &["2025-07"][..]),
        (Y_YEN, Now, &["2025-07", "2025-06"]),
        (TOWN, Then, &["2025-06"]),
        ("group:commune", Now, &["2025-07", "2025-06"]),
    ] {
        let entries = history(province, subject, "", organised).await;
        let entries = entries.expect("a history");
        let of_the_year = entries
            .iter()
            .filter(|entry| entry.period.starts_with("2025-0"));
        let found: Vec<&str> = of_the_year.map(|entry| entry.period.as_str()).collect();
        for month in months {
            assert!(found.contains(month), "{subject} {organised:?}: {found:?}");
        }
        let mut newest_first = found.clone();
        newest_first.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!(found, newest_first);
        for entry in &entries {
            let index = index(province, subject, &entry.period, organised).await;
            let index = index.expect("an index");
            assert_eq!(
                (&entry.total, entry.rank, &entry.band),
                (&index.total, index.rank, &index.band),
                "{subject} {organised:?}"
            );
        }
    }
    let then = history(province, Y_YEN, "", Then).await.expect("a history");
    assert!(then.iter().all(|entry| entry.period.as_str() >= "2025-07"));
    let gone = history(province, TOWN, "", Now)
        .await
        .expect_err("it has ended");
    assert_eq!(gone.code(), Code::FailedPrecondition);
    let changes = history(province, Y_YEN, "2025-07", Now).await;
    let changes = changes.expect_err("they were told as units were organised then");
    assert_eq!(changes.code(), Code::InvalidArgument);
}

/// Everything counted by hand.
async fn figures_are_right(province: &Province) {
    use Organised::{Now, Then};
    for (subject, period, organised, expected) in [
        // June, as it was: figures of before stay where they were made.
        (DISTRICT, "2025-06", Then, [3, 1, 2]),
        (TOWN, "2025-06", Then, [2, 1, 1]),
        (YEN_PHONG, "2025-06", Then, [1, 0, 1]),
        ("group:commune", "2025-06", Then, [3, 1, 2]),
        ("H40", "2025-06", Then, [6, 2, 4]),
        // July: what ends now counts for the new units, and the old ones have nothing open.
        (DISTRICT, "2025-07", Then, [0, 0, 0]),
        (TOWN, "2025-07", Then, [0, 0, 0]),
        (Y_YEN, "2025-07", Then, [0, 1, 1]),
        (NGHIA_HUNG, "2025-07", Then, [0, 1, 0]),
        (RANG_DONG, "2025-07", Then, [0, 1, 0]),
        ("H40", "2025-07", Then, [0, 3, 1]),
        ("H40", "2025", Then, [6, 5, 1]),
        // As organised now: Ý Yên has all that its two parts did.
        (Y_YEN, "2025-06", Now, [3, 1, 2]),
        (Y_YEN, "2025", Now, [3, 2, 1]),
        // What the district did cannot be parted, but all of it was done by what are communes today.
        ("group:commune", "2025-06", Now, [6, 2, 4]),
        ("H40", "2025-06", Now, [6, 2, 4]),
    ] {
        let found = counted(province, subject, period, organised).await;
        assert_eq!(
            found,
            expected.map(Some),
            "{subject} in {period}, {organised:?}"
        );
    }
    let withheld = counted(province, NGHIA_HUNG, "2025-06", Now).await;
    assert_eq!(
        withheld, [None; 3],
        "no share of the district's figures is invented"
    );
    let after = counted(province, NGHIA_HUNG, "2025-07", Now).await;
    assert_eq!(
        after,
        [Some(0), Some(1), Some(0)],
        "what it was handed is its own"
    );
}

fn parts(predecessors: &[Predecessor]) -> Vec<(&str, bool)> {
    let parts = predecessors.iter();
    parts
        .map(|part| (part.unit.as_str(), part.counted))
        .collect()
}

async fn indices_say_why(province: &Province) {
    use Organised::{Now, Then};
    let ended = index(province, DISTRICT, "2025-07", Then).await;
    assert_eq!(ended.expect_err("it has ended").code(), Code::NotFound);
    let unborn = index(province, Y_YEN, "2025-06", Then).await;
    assert_eq!(
        unborn.expect_err("it was not founded").code(),
        Code::NotFound
    );
    let gone = index(province, TOWN, "2025-06", Now)
        .await
        .expect_err("it has ended");
    assert_eq!(gone.code(), Code::FailedPrecondition);
    assert!(gone.message().contains(Y_YEN), "{gone:?}");

    let merged = index(province, Y_YEN, "2025-06", Now)
        .await
        .expect("an index");
    assert_eq!(
        parts(&merged.predecessors),
        [(TOWN, true), (YEN_PHONG, true)]
    );
    assert_eq!(
        (merged.rank, merged.subject_name_vi.as_str()),
        (1, "Xã Ý Yên")
    );
    let points = |index: &UnitIndex| {
        let leaf = index
            .leaves
            .iter()
            .find(|leaf| leaf.leaf == "PROGRESS_ON_TIME");
        let leaf = leaf.expect("a leaf");
        (leaf.points.clone(), leaf.reason.clone())
    };
    // All that was done was in time, and nothing is past due: 20 × 3 / 3.
    assert_eq!(points(&merged), ("20.00".to_owned(), String::new()));
    let split = index(province, NGHIA_HUNG, "2025-06", Now)
        .await
        .expect("an index");
    assert_eq!(parts(&split.predecessors), [(DISTRICT, false)]);
    let (none, reason) = points(&split);
    assert!(
        none.is_empty() && reason.contains("cannot be parted"),
        "{reason}"
    );

    let explain = ExplainScoreRequest {
        index: given::INDEX.into(),
        period: "2025-06".into(),
        subject: Y_YEN.into(),
        leaf: "PROGRESS_ON_TIME".into(),
        organised: Now.into(),
        ..Default::default()
    };
    let mut client = province.services.scoring.clone();
    let why = client
        .explain_score(explain)
        .await
        .expect("a reason")
        .into_inner();
    let handled = |part: &Predecessor| {
        let input = part.inputs.iter().find(|input| input.name == "handled");
        input.expect("a share").value.clone()
    };
    let shares: Vec<String> = why.predecessors.iter().map(handled).collect();
    assert_eq!(shares, ["1", "0"]);
    let handled = why
        .inputs
        .iter()
        .find(|input| input.name == "handled")
        .expect("a figure");
    assert_eq!((handled.value.as_str(), handled.dossier_count), ("1", 1));
    assert_eq!(handled.dossiers[0].code, "t-1");
}

async fn ranks_follow(province: &Province) {
    use Organised::{Now, Then};
    let of = async |group: &str, period: &str, organised| {
        let ranking = ranking(province, group, period, organised).await;
        let mut units: Vec<String> = ranking.into_iter().map(|index| index.subject).collect();
        units.sort_unstable();
        units
    };
    let new = [Y_YEN, NGHIA_HUNG, RANG_DONG];
    assert_eq!(of("district", "2025-06", Then).await, [DISTRICT]);
    assert!(of("district", "2025-07", Then).await.is_empty());
    assert!(of("district", "2025-06", Now).await.is_empty());
    assert_eq!(of("commune", "2025-06", Then).await, [TOWN, YEN_PHONG]);
    assert_eq!(of("commune", "2025-07", Then).await, new);
    assert_eq!(of("commune", "2025-06", Now).await, new);
    let ranked = ranking(province, "commune", "2025-07", Then).await;
    assert!(
        ranked
            .iter()
            .all(|index| index.rank > 0 && index.ranked == 3),
        "{ranked:#?}"
    );
}

async fn all_is_right(province: &Province) {
    figures_are_right(province).await;
    indices_say_why(province).await;
    ranks_follow(province).await;
    histories_are_of_today_when_asked_so(province).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn districts_end_communes_begin_and_the_past_can_be_seen_both_ways() {
    let province = Province::start("reorganised").await;
    before(&province).await;
    june(&province).await;
    tasks::assigned(&province).await;
    province.settled().await;
    succession(&province).await;
    tasks::handed_over(&province).await;
    for code in ["d-2", "d-3", "t-2"] {
        completed(&province, code, "2025-07-10T09:00:00+07:00").await;
    }
    let heads = province.settled().await;
    all_is_right(&province).await;

    for model in [Model::Scoring, Model::Projection] {
        let last = rebuild(&province.services, model, |_| ())
            .await
            .expect("a rebuild");
        let found = (last.stage.as_str(), last.differences);
        assert_eq!(found, ("swapped", vec![]), "{model:?}");
    }
    all_is_right(&province).await;
    assert_eq!(province.verified().await, heads);
    assert_eq!(province.head(Service::Scoring).await, heads["scoring"]);
}
