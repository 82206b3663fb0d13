//! A plot as SVG: the measured points of each series, and the straight line that fits them best.

use std::fmt;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 420.0;
/// The positions of the axes: left, right, top and bottom.
const FRAME: (f64, f64, f64, f64) = (64.0, 600.0, 56.0, 356.0);

/// Colours for the series that people with red-green colour blindness can distinguish, for light and dark themes.
const COLOURS: [(&str, &str); 4] =
    [("#0b62a4", "#6cb6ff"), ("#b45309", "#f0a35e"), ("#0f766e", "#5fd3bc"), ("#86198f", "#e29bf0")];

/// A plot with linear axes that start at zero.
pub(crate) struct Plot {
    pub(crate) title: &'static str,
    pub(crate) across: &'static str,
    pub(crate) up: &'static str,
    pub(crate) series: Vec<Series>,
}

/// The measured points of one series.
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
}

impl Series {
    /// Returns the straight line that fits the points best (least squares), as its value at zero and its slope.
    pub(crate) fn line(&self) -> (f64, f64) {
        let count = self.points.iter().map(|_| 1.0).sum::<f64>();
        let mean = |of: fn(&(f64, f64)) -> f64| self.points.iter().map(of).sum::<f64>() / count;
        let (x, y) = (mean(|point| point.0), mean(|point| point.1));
        let along = self.points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum::<f64>();
        let slope = along / self.points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>();
        (y - slope * x, slope)
    }
}

/// Returns the distance between two marks of an axis: 1, 2 or 5 times a power of ten, for five to ten marks.
fn step(most: f64) -> f64 {
    let power = 10_f64.powf((most / 5.0).log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * power).rfind(|step| most / step >= 5.0).unwrap_or(power)
}

/// Returns the marks of an axis up to a value.
fn marks(most: f64) -> impl Iterator<Item = f64> {
    let step = step(most);
    (0..).map(f64::from).map(move |number| number * step).take_while(move |mark| *mark <= most * 1.0001)
}

impl fmt::Display for Plot {
    fn fmt(&self, svg: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (left, right, top, bottom) = FRAME;
        let points = || self.series.iter().flat_map(|series| &series.points);
        let most = |of: fn(&(f64, f64)) -> f64| points().map(of).fold(f64::MIN_POSITIVE, f64::max);
        let (widest, highest) = (most(|point| point.0), most(|point| point.1) * 1.05);
        let x = |value: f64| left + value / widest * (right - left);
        let y = |value: f64| bottom - value / highest * (bottom - top);

        writeln!(
            svg,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{}">"#,
            self.title
        )?;
        self.style(svg)?;
        writeln!(svg, r#"<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>"#)?;
        writeln!(svg, r#"<text class="title" x="{left}" y="26">{}</text>"#, self.title)?;
        for mark in marks(highest) {
            let at = y(mark);
            writeln!(svg, r#"<path class="grid" d="M{left} {at:.1}H{right}"/>"#)?;
            writeln!(svg, r#"<text x="{}" y="{:.1}" text-anchor="end">{}</text>"#, left - 8.0, at + 4.0, short(mark))?;
        }
        for mark in marks(widest) {
            let at = x(mark);
            writeln!(svg, r#"<path class="grid" d="M{at:.1} {bottom}v5"/>"#)?;
            writeln!(svg, r#"<text x="{at:.1}" y="{}" text-anchor="middle">{}</text>"#, bottom + 20.0, short(mark))?;
        }
        writeln!(
            svg,
            r#"<text x="{left}" y="46">{}; the lines are the straight ones nearest to the points</text>"#,
            self.up
        )?;
        writeln!(svg, r#"<text x="{right}" y="{}" text-anchor="end">{}</text>"#, bottom + 42.0, self.across)?;

        // Labels are at the ends of the lines, and do not overlap.
        let mut ends: Vec<_> = self
            .series
            .iter()
            .enumerate()
            .map(|(number, series)| {
                let (start, slope) = series.line();
                (y(start + slope * widest), number)
            })
            .collect();
        ends.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut free = f64::MAX;
        for (end, number) in ends {
            let series = &self.series[number];
            let (start, slope) = series.line();
            let first = series.points.first().map_or(0.0, |point| point.0);
            writeln!(svg, r#"<g class="s{number}">"#)?;
            let (from, to) = (y(start + slope * first), y(start + slope * widest));
            writeln!(svg, r#"<path d="M{:.1} {from:.1}L{right} {to:.1}"/>"#, x(first))?;
            for point in &series.points {
                writeln!(svg, r#"<circle cx="{:.1}" cy="{:.1}" r="3.5"/>"#, x(point.0), y(point.1))?;
            }
            let label = end.min(free - 18.0);
            free = label;
            writeln!(svg, r#"<text x="{}" y="{:.1}">{}</text>"#, right + 12.0, label + 4.0, series.name)?;
            writeln!(svg, "</g>")?;
        }
        writeln!(svg, "</svg>")
    }
}

impl Plot {
    fn style(&self, svg: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(svg, "<style>")?;
        writeln!(svg, "text {{ font: 13px system-ui, sans-serif; fill: #1f2328; }}")?;
        writeln!(svg, ".title {{ font-size: 15px; font-weight: 600; }}")?;
        writeln!(svg, ".ground {{ fill: #ffffff; }} .grid {{ stroke: #d0d7de; }}")?;
        writeln!(svg, "g path {{ stroke-width: 1.5; }}")?;
        let colour = |svg: &mut fmt::Formatter<'_>, number, colour| {
            writeln!(
                svg,
                ".s{number} path {{ stroke: {colour}; }} .s{number} circle, .s{number} text {{ fill: {colour}; }}"
            )
        };
        for (number, (light, _)) in COLOURS.iter().take(self.series.len()).enumerate() {
            colour(svg, number, light)?;
        }
        writeln!(svg, "@media (prefers-color-scheme: dark) {{")?;
        writeln!(svg, "text {{ fill: #e6edf3; }} .ground {{ fill: #0d1117; }} .grid {{ stroke: #30363d; }}")?;
        for (number, (_, dark)) in COLOURS.iter().take(self.series.len()).enumerate() {
            colour(svg, number, dark)?;
        }
        writeln!(svg, "}}\n</style>")
    }
}

/// Returns a mark with the fewest digits that it needs.
fn short(mark: f64) -> String {
    let text = format!("{mark:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
