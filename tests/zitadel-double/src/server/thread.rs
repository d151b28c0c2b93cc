//! The double's own thread and runtime.
//!
//! A test can block its thread, pause tokio's clock, or be synchronous, and dropping the double
//! leaves no task or socket.

use std::io;
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

#[derive(Debug)]
pub(crate) struct ServerThread {
    runtime: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ServerThread {
    pub(crate) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let thread =
            std::thread::Builder::new().name("zitadel-double".to_owned()).spawn(move || {
                // An error means that the handle is gone, which also ends the thread.
                let _ = runtime.block_on(stopped);
            })?;
        Ok(Self { runtime: handle, stop: Some(stop), thread: Some(thread) })
    }

    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }
}

impl Drop for ServerThread {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Its panic has been printed.
            let _ = thread.join();
        }
    }
}
