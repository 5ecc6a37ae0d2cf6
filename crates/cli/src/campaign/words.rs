//! What documents call things.

use contracts::assessments::v1 as pb;

use crate::document::{Label, Language};

pub(crate) const UNIT: Label = Label::new("Đơn vị", "Unit");
pub(crate) const GROUP: Label = Label::new("Nhóm đơn vị", "Group");
pub(crate) const CAMPAIGN: Label = Label::new("Kỳ đánh giá", "Campaign");
pub(crate) const INDEX: Label = Label::new("Bộ tiêu chí", "Set");
pub(crate) const STATE: Label = Label::new("Tình trạng", "State");
pub(crate) const HANDED_IN: Label = Label::new("Nộp phiếu", "Handed in");
pub(crate) const RECORD: Label = Label::new("Phiên bản dữ liệu", "Version of the record");
pub(crate) const AS_OF: Label = Label::new("Dữ liệu tại thời điểm", "As of");
pub(crate) const NOT_YET: Label = Label::new("chưa nộp", "not yet");

pub(crate) const NUMBER: Label = Label::new("STT", "No.");
pub(crate) const CODE: Label = Label::new("Mã", "Code");
pub(crate) const CRITERION: Label = Label::new("Tiêu chí", "Criterion");
pub(crate) const MAX: Label = Label::new("Điểm tối đa", "Max");
pub(crate) const SELF: Label = Label::new("Tự chấm", "Self");
pub(crate) const MEASURED: Label = Label::new("Số liệu hệ thống", "Measured");
pub(crate) const APPRAISAL: Label = Label::new("Thẩm định", "Appraisal");
pub(crate) const FIRST: Label = Label::new("Lần 1", "First");
pub(crate) const SECOND: Label = Label::new("Lần 2", "Second");
pub(crate) const COUNCIL: Label = Label::new("Hội đồng", "Council");
pub(crate) const FINAL: Label = Label::new("Kết quả", "Final");
pub(crate) const REASON: Label = Label::new("Lý do, giải trình", "Reason");
pub(crate) const WITHHELD: Label = Label::new("Không tính điểm", "Withheld");
pub(crate) const FIGURES: Label = Label::new("Số liệu kê khai", "Declared figures");
pub(crate) const EVIDENCE: Label = Label::new("Tài liệu kiểm chứng", "Evidence");
pub(crate) const EVIDENCE_REVOKED: Label = Label::new(
    "Lưu ý: sáng kiến được viện dẫn không còn được công nhận",
    "Note: an initiative that is cited is not recognised any more",
);
pub(crate) const NOTES: Label = Label::new("Ý kiến trao đổi", "What was said");
pub(crate) const TOTAL: Label = Label::new("Tổng điểm", "Total");
pub(crate) const PERCENT: Label = Label::new("Chỉ số (%)", "Index (%)");
pub(crate) const NOT_APPLICABLE: Label = Label::new("Không áp dụng", "Not applicable");
pub(crate) const YES: Label = Label::new("có", "yes");
pub(crate) const NO: Label = Label::new("không", "no");

pub(crate) const SHEET: Label = Label::new("PHIẾU TỰ ĐÁNH GIÁ, CHẤM ĐIỂM", "SELF-ASSESSMENT SHEET");
pub(crate) const MINUTES: Label = Label::new("BIÊN BẢN THẨM ĐỊNH", "MINUTES OF THE APPRAISAL");
pub(crate) const SUMMARY: Label =
    Label::new("BẢNG TỔNG HỢP KẾT QUẢ ĐÁNH GIÁ", "SUMMARY OF RESULTS");

pub(crate) const COMPILER: Label = Label::new("NGƯỜI LẬP PHIẾU", "COMPILED BY");
pub(crate) const HEAD: Label = Label::new("THỦ TRƯỞNG ĐƠN VỊ", "HEAD OF THE UNIT");
pub(crate) const OF_UNIT: Label = Label::new("ĐẠI DIỆN ĐƠN VỊ", "FOR THE UNIT");
pub(crate) const OF_TEAM: Label = Label::new("TỔ THẨM ĐỊNH", "APPRAISAL TEAM");
pub(crate) const OF_COUNCIL: Label = Label::new("CHỦ TỊCH HỘI ĐỒNG", "CHAIR OF THE COUNCIL");

pub(crate) const RANK: Label = Label::new("Hạng", "Rank");
pub(crate) const COMPONENTS: Label = Label::new("Điểm thành phần", "Components");
pub(crate) const BAND: Label = Label::new("Xếp loại", "Band");

/// A group of units.
pub(crate) fn group(code: &str, language: Language) -> &str {
    let label = match code {
        "province" => Label::new("Tỉnh", "Province"),
        "department" => Label::new("Sở, ban, ngành", "Departments"),
        "district" => Label::new("Huyện, thành phố", "Districts"),
        "commune" => Label::new("Xã, phường, thị trấn", "Communes"),
        "central_agency" => Label::new("Cơ quan ngành dọc", "Central agencies"),
        _ => return code,
    };
    label.in_language(language)
}

/// Where a campaign, or a unit in it, is.
pub(crate) fn state(
    phase: pb::CampaignPhase,
    stage: pb::CampaignStage,
    language: Language,
) -> &'static str {
    use pb::{CampaignPhase as Phase, CampaignStage as Stage};
    let label = match (phase, stage) {
        (Phase::Unspecified, _) => Label::new("", ""),
        (Phase::Planned, _) => Label::new("đã lập kế hoạch", "planned"),
        (Phase::Running, Stage::SelfAssessment) => Label::new("tự đánh giá", "self-assessment"),
        (Phase::Running, Stage::FirstAppraisal) => Label::new("thẩm định lần 1", "first appraisal"),
        (Phase::Running, Stage::Explanation) => Label::new("giải trình", "explanation"),
        (Phase::Running, Stage::SecondAppraisal) => {
            Label::new("thẩm định lần 2", "second appraisal")
        }
        (Phase::Running, Stage::Council) => Label::new("hội đồng xem xét", "council"),
        (Phase::Running, Stage::Unspecified) => Label::new("đang chạy", "running"),
        (Phase::Reviewed, _) => Label::new("chờ phê duyệt", "reviewed"),
        (Phase::Approved, _) => Label::new("đã phê duyệt", "approved"),
        (Phase::Published, _) => Label::new("đã công bố", "published"),
    };
    label.in_language(language)
}

/// What kind of thing was said of a leaf.
pub(crate) fn note(kind: pb::LeafNoteKind, language: Language) -> &'static str {
    use pb::LeafNoteKind as Kind;
    let label = match kind {
        Kind::Unspecified => Label::new("", ""),
        Kind::Question => Label::new("Yêu cầu giải trình", "Question"),
        Kind::Explanation => Label::new("Giải trình", "Explanation"),
        Kind::Contest => Label::new("Kiến nghị", "Contest"),
        Kind::Remark => Label::new("Hội đồng", "Council"),
    };
    label.in_language(language)
}
