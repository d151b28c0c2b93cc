//! Test helper that draws the pictures in `docs/pictures`: a command and its output, as a terminal
//! shows them.

use std::{env, fs, path::Path};

/// Width of the drawn terminal in characters; longer lines are wrapped.
const COLUMNS: usize = 119;
const COLUMN_WIDTH: usize = 8;
const ROW_HEIGHT: usize = 19;
const MARGIN: usize = 20;
const TITLE_BAR: usize = 32;

const STYLE: &str = r#"<style>
    text { font: 13.33px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #1f2328; }
    .typed { font-weight: 600; fill: #0969da; }
    .window { fill: #f6f8fa; stroke: #818b98; }
    .button { fill: #c8d1da; }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc; }
      .typed { fill: #4493f8; }
      .window { fill: #151b23; stroke: #656c76; }
      .button { fill: #3d444d; }
    }
  </style>"#;

/// Asserts that the picture `docs/pictures/NAME.svg` shows a terminal with `command` and `output`.
/// If the variable `UPDATE_PICTURES` is set, draws it anew first.
#[track_caller]
pub(crate) fn assert_pictured(name: &str, command: &str, output: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../docs/pictures/{name}.svg"));
    let picture = svg(command, output);
    if env::var_os("UPDATE_PICTURES").is_some() {
        fs::write(&path, &picture).unwrap();
    }
    let is_current = fs::read_to_string(&path).is_ok_and(|drawn| drawn == picture);
    assert!(is_current, "{name}.svg is not current: UPDATE_PICTURES=1 cargo test -p app picture");
}

fn svg(command: &str, output: &str) -> String {
    let typed = rows(&format!("$ {command}")).into_iter().map(|row| (row, r#" class="typed""#));
    let printed = output.lines().flat_map(rows).map(|row| (row, ""));
    let mut y = TITLE_BAR;
    let mut texts = String::new();
    for (row, class) in typed.chain(printed) {
        y += ROW_HEIGHT;
        texts += &text(&row, class, y);
    }
    let (width, height) = (COLUMNS * COLUMN_WIDTH + 2 * MARGIN, y + MARGIN);
    let (inner_width, inner_height) = (width - 2, height - 2);
    let command = escaped(command);
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="title">
  <title id="title">A terminal with the command {command} and its output</title>
  {STYLE}
  <rect class="window" x="1" y="1" width="{inner_width}" height="{inner_height}" rx="8"/>
  <circle class="button" cx="24" cy="20" r="6"/>
  <circle class="button" cx="44" cy="20" r="6"/>
  <circle class="button" cx="64" cy="20" r="6"/>
{texts}</svg>
"#
    )
}

fn rows(line: &str) -> Vec<String> {
    let characters: Vec<char> = line.chars().collect();
    // An empty line takes a row, too.
    let count = characters.len().div_ceil(COLUMNS).max(1);
    let row = |number| characters.iter().skip(number * COLUMNS).take(COLUMNS).collect();
    (0..count).map(row).collect()
}

/// Returns the SVG element of one row; its attribute `textLength` fixes the row's width in every
/// font.
fn text(row: &str, class: &str, y: usize) -> String {
    let shown = row.trim_start();
    let (columns, length) = (row.chars().count(), shown.chars().count());
    let x = MARGIN + (columns - length) * COLUMN_WIDTH;
    let (width, shown) = (length * COLUMN_WIDTH, escaped(shown));
    format!(
        "  <text{class} x=\"{x}\" y=\"{y}\" textLength=\"{width}\" xml:space=\"preserve\">{shown}</text>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
