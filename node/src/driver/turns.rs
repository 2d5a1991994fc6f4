//! Whose turn it is: the events of all circles, taken in turns.

use super::Work;
use super::circle::Circle;
use std::future::poll_fn;
use std::task::Poll;

/// Returns an event that waits already; the circles take turns, so that none holds up the others.
pub(super) fn waiting_event(circles: &mut [Circle], turn: &mut usize) -> Option<Work> {
    let count = circles.len();
    (0..count).find_map(|step| {
        let index = (*turn + step) % count;
        let circle = circles.get_mut(index)?;
        let event = circle.events.as_mut()?.try_recv().ok()?;
        *turn = index + 1;
        Some(Work::Event(circle.row.hint, event))
    })
}

/// Waits for the next event of any circle, or the end of its network; the circles take turns.
pub(super) async fn next_event(circles: &mut [Circle], turn: &mut usize) -> Work {
    poll_fn(|context| {
        let count = circles.len();
        for step in 0..count {
            let index = (*turn + step) % count;
            let Some(circle) = circles.get_mut(index) else {
                continue;
            };
            let Some(events) = &mut circle.events else {
                continue;
            };
            match events.poll_recv(context) {
                Poll::Ready(Some(event)) => {
                    *turn = index + 1;
                    return Poll::Ready(Work::Event(circle.row.hint, event));
                }
                Poll::Ready(None) => return Poll::Ready(Work::Ended(circle.row.hint)),
                Poll::Pending => {}
            }
        }
        Poll::Pending
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::super::row::Row;
    use super::*;
    use crate::network::Event;
    use circlet_model::store::Error;
    use circlet_model::time::Timestamp;
    use tokio::sync::mpsc;

    #[tokio::test]
    async fn a_busy_circle_holds_up_no_other() {
        let (mut circles, mut busy) = (Vec::new(), Vec::new());
        for number in 0..3_u8 {
            let row = Row::new([number; 16], Timestamp(number.into()));
            let mut circle = Circle::new(row, Err(Error::Full));
            let (events, inbox) = mpsc::channel(8);
            for _ in 0..8 {
                events.try_send(Event::NetworkChanged).unwrap();
            }
            circle.events = Some(inbox);
            circles.push(circle);
            busy.push(events);
        }
        let (mut turn, mut taken) = (0, [0; 3]);
        for step in 0..12 {
            let work = if step % 4 == 0 {
                Some(next_event(&mut circles, &mut turn).await)
            } else {
                waiting_event(&mut circles, &mut turn)
            };
            let Some(Work::Event(hint, _)) = work else {
                panic!("all of them are busy")
            };
            taken[usize::from(hint[0])] += 1;
        }
        assert_eq!(taken, [4; 3]);
    }
}
