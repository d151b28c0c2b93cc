//! Test helper: clocks that follow tokio's clock, which a test can pause.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use domain::{Clock, Tick, Ticks};
use tokio::time::Instant;

use crate::Clocks;

pub(crate) fn clocks() -> Clocks {
    let clock = Arc::new(TokioClock(Instant::now()));
    Clocks { wall: Arc::clone(&clock) as Arc<dyn Clock>, ticks: clock }
}

pub(crate) const START: Duration = Duration::from_secs(1_767_225_600);

struct TokioClock(Instant);

impl Clock for TokioClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + START + self.0.elapsed()
    }
}

impl Ticks for TokioClock {
    fn now(&self) -> Tick {
        Tick::from_nanos(u64::try_from(START.as_nanos()).unwrap()).after(self.0.elapsed())
    }
}
