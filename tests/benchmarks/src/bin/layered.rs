//! A custom server with the library's layer.

use std::{
    env,
    error::Error,
    num::{NonZeroU64, NonZeroUsize},
    time::Duration,
};

use adapters::CacheSettings;
use benchmarks::layered;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let cache = CacheSettings {
        ttl: Duration::from_secs(env::var("CACHE_TTL_SECS")?.parse()?),
        max_entries: NonZeroUsize::new(120_000).ok_or("a number")?,
        max_bytes: NonZeroU64::new(256 * 1024 * 1024).ok_or("a number")?,
    };
    let (domain, id) = (env::var("ZITADEL_DOMAIN")?, env::var("CLIENT_ID")?);
    let guard = layered::guard(&domain, &id, &env::var("CLIENT_SECRET")?, cache)?;
    let listener = TcpListener::bind(env::var("LISTEN")?).await?;
    axum::serve(listener, layered::router(&guard)).await?;
    Ok(())
}
