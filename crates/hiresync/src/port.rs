//! Taking connections on a TCP port, so many at once, until the port is closed.

use std::{sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

/// For what is under way when the port is closed.
pub(crate) const END_TIME: Duration = Duration::from_secs(1);

/// Has `converse` answer up to `most` connections at once until the other end of `closed` goes, then lets those under way end. Further
/// ones wait in the kernel's queue. `code` is that of the line in the log when one cannot be taken.
pub(crate) async fn serve<F>(
    listener: TcpListener,
    most: usize,
    code: &'static str,
    mut closed: watch::Receiver<()>,
    converse: impl Fn(TcpStream) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let room = Arc::new(Semaphore::new(most));
    let mut connections = JoinSet::new();
    loop {
        let accept = async {
            let permit = Arc::clone(&room).acquire_owned().await;
            (permit, listener.accept().await)
        };
        tokio::select! {
            _ = closed.changed() => break,
            (permit, accepted) = accept => match accepted {
                Ok((stream, _)) => {
                    let conversation = converse(stream);
                    connections.spawn(async move {
                        let _permit = permit;
                        conversation.await;
                    });
                }
                Err(error) => {
                    tracing::warn!(code, kind = %error.kind(), "a connection could not be taken");
                    sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let rest = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(END_TIME, rest).await;
}
