use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx};

use super::*;

fn document() -> Document {
    let columns = vec![
        Column::new("Tiêu chí", 40),
        Column::within("Thẩm định", "Lần 1", 9),
        Column::within("Thẩm định", "Lần 2", 9),
    ];
    let row = |name: &str, first: &str, second: &str| Row {
        cells: vec![Cell::text(name), Cell::number(first), Cell::number(second)],
        strong: false,
    };
    Document {
        key: "Đơn vị".to_owned(),
        tables: vec![Table {
            name: "H40.05".to_owned(),
            title: "BIÊN BẢN".to_owned(),
            facts: vec![("Kỳ".to_owned(), "2024".to_owned())],
            columns,
            frozen: 1,
            rows: vec![
                row("Sở Nội vụ; \"một\", hai", "1.50", ""),
                row("=HYPERLINK(\"http://x\")", "-3.11", "Không áp dụng"),
                row("@SUM(1)\ndòng hai", "0.1234567890123456789", "7"),
                row("＋1", "12345678.1234567", "0"),
            ],
            signatures: vec!["TỔ".to_owned(), "CHỦ TỊCH".to_owned()],
        }],
    }
}

#[test]
fn a_plain_table_keeps_every_digit_and_disarms_formulas() {
    let bytes = plain::bytes(&document()).expect("a table");
    let text = String::from_utf8(bytes).expect("UTF-8");
    let expected = "\u{feff}Đơn vị,Tiêu chí,Thẩm định: Lần 1,Thẩm định: Lần 2\r\n\
                    H40.05,\"Sở Nội vụ; \"\"một\"\", hai\",1.50,\r\n\
                    H40.05,\"'=HYPERLINK(\"\"http://x\"\")\",-3.11,Không áp dụng\r\n\
                    H40.05,\"'@SUM(1)\ndòng hai\",0.1234567890123456789,7\r\n\
                    H40.05,'＋1,12345678.1234567,0\r\n";
    assert_eq!(text, expected);
}

#[test]
fn a_workbook_shows_numbers_as_numbers_and_never_a_formula() {
    let bytes = workbook::bytes(&document()).expect("a workbook");
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).expect("a workbook");
    assert_eq!(book.sheet_names(), ["H40.05"]);
    let sheet = book.worksheet_range("H40.05").expect("a worksheet");
    let cell = |row: u32, column: u32| sheet.get_value((row, column)).cloned();
    let text = |text: &str| Some(Data::String(text.to_owned()));
    assert_eq!(cell(0, 0), text("BIÊN BẢN"));
    assert_eq!(cell(1, 0), text("Kỳ: 2024"));
    assert_eq!((cell(3, 1), cell(4, 2)), (text("Thẩm định"), text("Lần 2")));
    assert_eq!(cell(5, 1), Some(Data::Float(1.5)));
    assert_eq!(cell(6, 0), text("=HYPERLINK(\"http://x\")"));
    assert_eq!(cell(6, 1), Some(Data::Float(-3.11)));
    assert_eq!(cell(6, 2), text("Không áp dụng"));
    // More digits than a binary number carries: the text is exact.
    assert_eq!(cell(7, 1), text("0.1234567890123456789"));
    assert_eq!(cell(8, 1), Some(Data::Float(12_345_678.123_456_7)));
    assert_eq!(cell(10, 0), text("TỔ"));
    let formulas = book.worksheet_formula("H40.05").expect("a worksheet");
    assert!(formulas.cells().all(|(_, _, formula)| formula.is_empty()));
}

#[test]
fn names_and_texts_fit_what_a_workbook_takes() {
    let mut document = document();
    document.tables[0].name = "an/index: with [a] very long name, indeed".to_owned();
    document.tables[0].rows[0].cells[0] = Cell::text("ế".repeat(40_000));
    let bytes = workbook::bytes(&document).expect("a workbook");
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).expect("a workbook");
    let name = book.sheet_names()[0].clone();
    assert_eq!(name, "an index  with  a  very long na");
    let sheet = book.worksheet_range(&name).expect("a worksheet");
    let Some(Data::String(cut)) = sheet.get_value((5, 0)) else {
        panic!("no text");
    };
    assert_eq!(cut.chars().count(), 32_767);
    assert!(cut.ends_with('…'));
}
