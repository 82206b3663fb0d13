//! The forecast as a picture: a panel for each cluster and event, with lanes for the GCS, the head, the worker groups, their
//! actors and the requests.

mod lane;

use std::io;

use quick_xml::Writer;
use quick_xml::events::BytesText;
use rayguard_policy::survival::{Event, EventForecast};

use super::ClusterForecast;
use super::duration::range;
use super::words;
use lane::{Lane, lanes};

/// The width of the picture, in pixels.
const WIDTH: f64 = 760.0;
/// The left end of the time axis, in pixels.
const LEFT: f64 = 140.0;
/// The right end of the time axis, in pixels.
const RIGHT: f64 = 730.0;
/// The height of the title of a panel, in pixels.
const TITLE: f64 = 48.0;
/// The height of a lane, in pixels.
const LANE: f64 = 30.0;
/// The height of the time axis with the space below it, in pixels.
const AXIS: f64 = 52.0;
/// The height of the legend, in pixels.
const LEGEND: f64 = 34.0;
/// The width of a small letter, in pixels, at most on average.
const LETTER: f64 = 6.5;
/// The number of letters of a title that fit into the picture.
const TITLE_LETTERS: usize = 90;
/// The number of letters of a lane's name that fit before the time axis.
const NAME_LETTERS: usize = 15;
/// The part of the time axis before the GCS ends.
const BEFORE: f64 = 0.08;

/// The colours with their meaning.
const COLOURS: [(&str, &str); 4] =
    [("good", "works"), ("wait", "waits"), ("maybe", "may work or not"), ("bad", "away or lost")];

/// The colours for a light and for a dark background. Each colour has a word in the lanes too, where there is room.
const STYLE: &str = "\
svg { font: 13px system-ui, sans-serif; color: #1f2328; background: #ffffff }
text { fill: currentColor } .tick { text-anchor: middle; font-size: 11px } .title { font-weight: 600 } .small { font-size: 11px }
.line { stroke: currentColor; stroke-width: 1; opacity: .35 }
.good { fill: #9bd3ae } .maybe { fill: #f3d27a } .bad { fill: #eda39b } .wait { fill: #b9d2ee }
@media (prefers-color-scheme: dark) {
svg { color: #e6edf3; background: #0d1117 }
.good { fill: #1f6b3a } .maybe { fill: #7a5a00 } .bad { fill: #8e2f27 } .wait { fill: #26527f }
}";

type Svg = Writer<Vec<u8>>;

/// Returns the forecasts as one picture.
///
/// # Errors
///
/// The picture cannot be written.
pub(super) fn text(clusters: &[ClusterForecast]) -> io::Result<String> {
    let panels: Vec<_> =
        clusters.iter().flat_map(|cluster| cluster.forecast.events.iter().map(move |event| (cluster, event))).collect();
    let heights: Vec<_> = panels.iter().map(|(_, event)| height(event)).collect();
    let total: f64 = heights.iter().sum();
    let mut svg = Writer::new_with_indent(Vec::new(), b' ', 2);
    let size = format!("0 0 {WIDTH} {}", total + LEGEND);
    let root = svg.create_element("svg").with_attributes([
        ("xmlns", "http://www.w3.org/2000/svg"),
        ("role", "img"),
        ("viewBox", &*size),
        ("width", &*WIDTH.to_string()),
    ]);
    root.write_inner_content(|svg| {
        let mut write = |element, text: &str| {
            svg.create_element(element).write_text_content(BytesText::new(&clean(text))).map(drop)
        };
        write("title", "What outages do to Ray clusters")?;
        let described: Vec<_> = panels.iter().map(|(cluster, event)| description(cluster, event)).collect();
        write("desc", &described.join(". "))?;
        svg.create_element("style").write_text_content(BytesText::new(STYLE))?;
        let mut top = 0.0;
        for ((cluster, event), height) in panels.iter().zip(&heights) {
            let transform = format!("translate(0 {top})");
            let group = svg.create_element("g").with_attribute(("transform", &*transform));
            group.write_inner_content(|svg| panel(svg, cluster, event))?;
            top += height;
        }
        legend(svg, top)
    })?;
    let text = String::from_utf8(svg.into_inner()).map_err(io::Error::other)?;
    Ok(text + "\n")
}

fn height(event: &EventForecast) -> f64 {
    lanes(event).iter().fold(TITLE + AXIS, |height, _| height + LANE)
}

/// The time axis of a panel: from before the end of the GCS to the last thing that happens.
#[derive(Clone, Copy)]
struct Axis {
    /// The last time, in seconds.
    end: f64,
}

impl Axis {
    /// Returns the position of a time, in pixels.
    fn x(self, seconds: f64) -> f64 {
        let zero = LEFT + (RIGHT - LEFT) * BEFORE;
        if seconds < 0.0 { LEFT } else { (zero + (RIGHT - zero) * seconds / self.end).min(RIGHT) }
    }

    /// Returns the seconds between two marks: 1, 2 or 5 times a power of 10, so that there are at most ten.
    fn step(self) -> f64 {
        let mut step = 1.0;
        for factor in [2.0, 2.5, 2.0].into_iter().cycle() {
            if self.end / step <= 10.0 {
                break;
            }
            step *= factor;
        }
        step
    }
}

fn panel(svg: &mut Svg, cluster: &ClusterForecast, event: &EventForecast) -> io::Result<()> {
    let lanes = lanes(event);
    let ends = lanes.iter().flat_map(|lane| &lane.spans).map(|span| span.to).filter(|to| to.is_finite());
    let axis = Axis { end: (ends.fold(1.0, f64::max) * 1.3).ceil() };
    let title = shortened(&cluster.object.to_string(), TITLE_LETTERS - 2 - event.event.name().len());
    label(svg, "title", (12.0, 20.0), &format!("{title}: {}", event.event.name()))?;
    label(svg, "small", (12.0, 36.0), event.event.what())?;
    let bottom = lanes.iter().fold(TITLE, |bottom, _| bottom + LANE);
    line(svg, (LEFT, bottom + 4.0), (RIGHT, bottom + 4.0))?;
    let step = axis.step();
    let mut seconds = 0.0;
    while seconds <= axis.end {
        let x = axis.x(seconds);
        line(svg, (x, TITLE), (x, bottom + 8.0))?;
        label(svg, "tick", (x, bottom + 21.0), &format!("{seconds:.0}"))?;
        seconds += step;
    }
    let mut y = TITLE;
    for lane in &lanes {
        draw(svg, lane, axis, y)?;
        y += LANE;
    }
    let zero = match event.event {
        Event::WorkerLoss => "seconds after the Pod is lost",
        Event::Upgrade => "seconds after KubeRay begins to replace the cluster",
        _ => "seconds after the GCS is gone",
    };
    label(svg, "small", (LEFT, y + 37.0), zero)
}

/// Returns the outcomes of a panel in words.
fn description(cluster: &ClusterForecast, event: &EventForecast) -> String {
    let mut parts = vec![format!("GCS away: {}", range(event.gcs_away_seconds))];
    parts.extend(
        event.groups.iter().map(|group| format!("{}: {}", words::name(&group.name), words::workers(event, group))),
    );
    parts.push(format!("actors: {}", words::actors(event)));
    if event.serve_requests.is_some() {
        parts.push(format!("requests: {}", words::requests(event)));
    }
    format!("{}, {}: {}", cluster.object, event.event.name(), parts.join("; "))
}

fn legend(svg: &mut Svg, top: f64) -> io::Result<()> {
    let mut x = LEFT;
    for (class, word) in COLOURS {
        rectangle(svg, class, (x, top + 4.0), (14.0, 14.0), word)?;
        label(svg, "small", (x + 20.0, top + 15.0), word)?;
        x += word.chars().fold(44.0, |width, _| width + LETTER);
    }
    Ok(())
}

/// Draws a rectangle with a title that a pointer shows.
fn rectangle(
    svg: &mut Svg,
    class: &str,
    (x, y): (f64, f64),
    (width, height): (f64, f64),
    title: &str,
) -> io::Result<()> {
    let numbers = [x, y, width].map(|number| format!("{number:.1}"));
    let [x, y, width] = &numbers;
    let height = height.to_string();
    let rectangle = svg.create_element("rect").with_attributes([
        ("class", class),
        ("x", &**x),
        ("y", &**y),
        ("width", &**width),
        ("height", &*height),
    ]);
    let title = clean(title);
    rectangle
        .write_inner_content(|svg| svg.create_element("title").write_text_content(BytesText::new(&title)).map(drop))
        .map(drop)
}

fn draw(svg: &mut Svg, lane: &Lane, axis: Axis, y: f64) -> io::Result<()> {
    label(svg, "lane", (12.0, y + 17.0), &shortened(&lane.name, NAME_LETTERS))?;
    for span in &lane.spans {
        let (from, to) = (axis.x(span.from), axis.x(span.to.min(axis.end)));
        let title = format!("{}: {}", lane.name, span.word);
        rectangle(svg, span.class, (from, y + 3.0), ((to - from).max(1.0), 20.0), &title)?;
    }
    // Words come last, so that no bar covers them. One that does not fit into its bar is left to the title.
    for span in &lane.spans {
        let (from, to) = (axis.x(span.from), axis.x(span.to.min(axis.end)));
        let needed = span.word.chars().fold(8.0, |width, _| width + LETTER);
        if to - from > needed {
            label(svg, "small", (from + 5.0, y + 17.0), &span.word)?;
        }
    }
    Ok(())
}

fn label(svg: &mut Svg, class: &str, (x, y): (f64, f64), text: &str) -> io::Result<()> {
    let (x, y) = (format!("{x:.1}"), format!("{y:.1}"));
    let element = svg.create_element("text").with_attributes([("class", class), ("x", &*x), ("y", &*y)]);
    element.write_text_content(BytesText::new(&clean(text))).map(drop)
}

fn line(svg: &mut Svg, from: (f64, f64), to: (f64, f64)) -> io::Result<()> {
    let numbers = [from.0, from.1, to.0, to.1].map(|number| format!("{number:.1}"));
    let [x1, y1, x2, y2] = &numbers;
    let attributes = [("class", "line"), ("x1", &**x1), ("y1", &**y1), ("x2", &**x2), ("y2", &**y2)];
    svg.create_element("line").with_attributes(attributes).write_empty().map(drop)
}

fn shortened(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        Some(_) => text.chars().take(length - 1).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

/// Replaces the characters that XML cannot represent.
fn clean(text: &str) -> String {
    let is_valid = |char: &char| matches!(char, ' '..='\u{fffd}' | '\u{10000}'..);
    text.chars().map(|char| if is_valid(&char) { char } else { '\u{fffd}' }).collect()
}
