//! The checks of an exchange, one file each, in the order of [`crate::exchange`].
//!
//! Each stage takes the proof that the one before made and gives its own: [`Caller`], [`Asked`], [`Routed`],
//! [`Granted`], [`Admitted`], [`Conforming`], [`Outbound`], [`Confirmed`], [`Replied`], [`Checked`],
//! [`Released`].
//! Their fields are private to their file and only the stage itself constructs them, so an order
//! that leaves a check out does not compile. This does:
//!
//! ```
//! use gateway::{host::Incoming, refusal::Refusal, stages::*, stated::Stated, world::World};
//! use jiff::Timestamp;
//!
//! async fn checked(world: &World, request: &mut Incoming, now: Timestamp) -> Result<(), Refusal> {
//!     let stated = Stated::of(request.headers());
//!     let caller = identify(world, request, &stated, now)?;
//!     let (caller, mut asked) = understand(caller, stated, request, now).await?;
//!     let routed = route(caller, &asked)?;
//!     let granted = authorize(routed, &asked, now)?;
//!     let (admitted, _place) = admit(granted, now).await?;
//!     let Body::Whole(received) = receive(&admitted, &mut asked).await? else { return Ok(()) };
//!     let conforming = conform(admitted, &received).await?;
//!     let outbound = translate(conforming, &asked, uuid::Uuid::nil())?;
//!     let errand = errand(outbound.admitted(), now, now);
//!     let confirmed = confirm(outbound, &asked, &errand, uuid::Uuid::nil()).await?;
//!     let Answering::Whole(replied) = forward(confirmed, &errand).await? else { return Ok(()) };
//!     let released = release(conform_reply(&replied, uuid::Uuid::nil()).await?).await?;
//!     drop(released);
//!     Ok(())
//! }
//! ```
//!
//! The same without asking any agreement does not:
//!
//! ```compile_fail,E0308
//! use gateway::{host::Incoming, refusal::Refusal, stages::*, stated::Stated, world::World};
//! use jiff::Timestamp;
//!
//! async fn unauthorized(world: &World, request: &mut Incoming, now: Timestamp) -> Result<(), Refusal> {
//!     let stated = Stated::of(request.headers());
//!     let caller = identify(world, request, &stated, now)?;
//!     let (caller, mut asked) = understand(caller, stated, request, now).await?;
//!     let routed = route(caller, &asked)?;
//!     let (admitted, _place) = admit(routed, now).await?;
//!     drop(receive(&admitted, &mut asked).await?);
//!     Ok(())
//! }
//! ```
//!
//! Nor without the quotas, nor a reply released unchecked, nor a proof made by hand:
//!
//! ```compile_fail,E0308
//! use gateway::{host::Incoming, refusal::Refusal, stages::*, stated::Stated, world::World};
//! use jiff::Timestamp;
//!
//! async fn unlimited(world: &World, request: &mut Incoming, now: Timestamp) -> Result<(), Refusal> {
//!     let stated = Stated::of(request.headers());
//!     let caller = identify(world, request, &stated, now)?;
//!     let (caller, mut asked) = understand(caller, stated, request, now).await?;
//!     let granted = authorize(route(caller, &asked)?, &asked, now)?;
//!     let received = receive(&granted, &mut asked).await?;
//!     drop(received);
//!     Ok(())
//! }
//! ```
//!
//! ```compile_fail,E0308
//! use gateway::{refusal::Refusal, stages::*};
//!
//! async fn unchecked(replied: &Replied<'_>) -> Result<(), Refusal> {
//!     drop(release(replied).await?);
//!     Ok(())
//! }
//! ```
//!
//! What is too long to be held goes another way with proofs of its own: [`Intake`] gives [`Vetted`]
//! pieces of what a consumer sends, [`Passage`] gives a [`Piece`] of what a provider answers, and
//! nothing else can be passed on. Bytes that nobody looked at cannot:
//!
//! ```compile_fail,E0308
//! use gateway::{refusal::Refusal, stages::*};
//!
//! async fn unvetted(uploading: &mut Uploading<'_, '_>) {
//!     uploading.send(b"[{\"MaSo\": 1}]".to_vec()).await;
//! }
//! ```
//!
//! ```compile_fail,E0451
//! use gateway::stages::*;
//!
//! fn forged<'w>(granted: Granted<'w>) -> Admitted<'w> {
//!     Admitted { granted }
//! }
//! ```

mod admit;
mod authorize;
mod confirm;
mod conform;
mod forward;
mod identify;
mod intake;
mod pass;
mod positions;
mod release;
mod route;
mod text;
mod translate;
mod understand;

pub use admit::{Admitted, Footing, Place, admit};
pub use authorize::{Granted, authorize};
pub use confirm::{Confirmed, confirm};
pub use conform::{
    Beginnings, Body, Carried, Checked, Conforming, Received, conform, conform_reply, receive,
};
pub use forward::{Answering, Flowing, Replied, errand, forward};
pub use identify::{Caller, identify};
pub use intake::{Intake, Uploading, Vetted, take_in, upload};
pub use pass::{Passage, Piece, Sight, pass};
pub use positions::Positions;
pub use release::{Released, release};
pub use route::{LIMIT_CAP, Routed, route};
pub use translate::{Addressed, Outbound, address, translate};
pub use understand::{Asked, understand};
