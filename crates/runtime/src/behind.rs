//! What nobody waits for has threads of its own. On the same ones, an answer would stand behind a
//! hundred events that are worked off in one go: a task is not interrupted, a thread is.

use std::{sync::LazyLock, thread};

use tokio::runtime::{Builder, Handle, Runtime};

/// Lives as long as the process. None where threads cannot be had.
static RUNTIME: LazyLock<Option<Runtime>> = LazyLock::new(|| {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    Builder::new_multi_thread()
        .thread_name("behind")
        .worker_threads(processors.div_ceil(2))
        .enable_all()
        .build()
        .inspect_err(|error| tracing::warn!(%error, "no threads for what nobody waits for"))
        .ok()
});

/// Where such tasks run; with everything else, if there are no threads for them.
pub(crate) fn threads() -> Handle {
    RUNTIME
        .as_ref()
        .map_or_else(Handle::current, |runtime| runtime.handle().clone())
}

/// The same, for who looks at them; none as long as nothing runs there.
pub(crate) fn started() -> Option<Handle> {
    let runtime = LazyLock::get(&RUNTIME)?.as_ref()?;
    Some(runtime.handle().clone())
}
