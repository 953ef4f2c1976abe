//! The provider: answers every request with the same record, as cheaply as it can be done.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener as StdListener},
    sync::Arc,
    thread,
};

use anyhow::Result;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use crate::pki::Pki;

/// A request's head is a few hundred bytes; what does not fit is not one of ours.
const LONGEST_HEAD: usize = 16 * 1024;

/// Serves on a thread of its own until the program ends.
pub fn start(pki: &Pki, record: &str) -> Result<SocketAddr> {
    let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let acceptor = TlsAcceptor::from(pki.provider.clone());
    let length = record.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{record}"
    );
    let answer: Arc<[u8]> = answer.into_bytes().into();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::spawn(move || {
        runtime.block_on(async move {
            let listener = TcpListener::from_std(listener)?;
            loop {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                // A connection that ends, however it ends, is over; the client's side counts faults.
                tokio::spawn(converse(acceptor.clone(), stream, answer.clone()));
            }
            #[allow(unreachable_code, reason = "names the error type of the loop")]
            std::io::Result::Ok(())
        })
    });
    Ok(address)
}

async fn converse(acceptor: TlsAcceptor, stream: TcpStream, answer: Arc<[u8]>) -> std::io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    let mut head = Vec::with_capacity(LONGEST_HEAD);
    loop {
        head.clear();
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() > LONGEST_HEAD || stream.read_buf(&mut head).await? == 0 {
                return Ok(());
            }
        }
        stream.write_all(&answer).await?;
        stream.flush().await?;
    }
}
