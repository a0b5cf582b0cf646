//! The lines that show how far steps are.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use console::style;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// How often there is a sign of life if no terminal shows the line.
const SIGN_OF_LIFE: Duration = Duration::from_secs(60);

/// Those of all steps that are under way.
static LINES: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Prints text above the lines, in one piece.
pub(crate) fn print(text: &str) {
    LINES.suspend(|| println!("{text}"));
}

/// On a terminal one line, redrawn; elsewhere a line at the start and a sign of life now and then.
pub(crate) struct ProgressLine {
    name: String,
    bar: ProgressBar,
    how_far: Arc<Mutex<String>>,
    /// Ends the signs of life when dropped.
    _end: Option<Sender<()>>,
}

impl ProgressLine {
    pub(crate) fn start(name: &str) -> Result<Self> {
        let bar = LINES.add(ProgressBar::new_spinner().with_message(name.to_owned()));
        let template = "{spinner} {msg} {elapsed:.dim}";
        bar.set_style(ProgressStyle::with_template(template)?);
        bar.enable_steady_tick(Duration::from_millis(100));
        let how_far = Arc::new(Mutex::new(String::new()));
        let end = bar.is_hidden().then(|| {
            print(&format!("{} {name}", style("──").bold()));
            give_signs_of_life(name.to_owned(), how_far.clone())
        });
        Ok(Self {
            name: name.to_owned(),
            bar,
            how_far,
            _end: end,
        })
    }

    /// What shows how far it is.
    pub(crate) fn teller(&self) -> impl Fn(&str) + Send + Sync + 'static {
        let (name, bar, shown) = (self.name.clone(), self.bar.clone(), self.how_far.clone());
        move |how_far| {
            bar.set_message(format!("{name}: {how_far}"));
            how_far.clone_into(&mut shown.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Leaves nothing of it on the terminal.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

fn give_signs_of_life(name: String, how_far: Arc<Mutex<String>>) -> Sender<()> {
    let (end, ended) = channel();
    let started = Instant::now();
    thread::spawn(move || {
        while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(SIGN_OF_LIFE) {
            let how_far = how_far.lock().unwrap_or_else(PoisonError::into_inner);
            let minutes = started.elapsed().as_secs() / 60;
            print(&format!("   {name}: {how_far} ({minutes} min)"));
        }
    });
    end
}
