use tokio::time::{Instant, advance};

use super::super::fixture::SECOND;
use super::super::fixture::program::{account, all, kind, texts};
use super::super::{MemoryAccount, Outgoing, QueueSettings, Receive, RefusedKind};
use super::*;

/// `n` letters in `dead`, moved there by `q`.
async fn with_letters(n: usize) -> MemoryAccount {
    let account = account();
    account.change_queue("q", QueueSettings::new().visibility(Duration::ZERO).dead_letters("dead", 1)).unwrap();
    for i in 0..n {
        account.send("q", Outgoing::new(i.to_string())).unwrap();
    }
    while !all(&account, "q").await.is_empty() {}
    account.change_queue("q", QueueSettings::new().visibility(30 * SECOND)).unwrap();
    account
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_is_the_same_message_until_a_task_makes_it_a_new_one() {
    let account = account();
    account.change_queue("q", QueueSettings::new().visibility(SECOND).dead_letters("dead", 2)).unwrap();
    let sent = account.send("q", Outgoing::new("1")).unwrap();
    for _ in 0..2 {
        assert_eq!(texts(&account, "q").await, ["1"]);
        advance(SECOND).await;
    }
    assert!(texts(&account, "q").await.is_empty());
    let letter = all(&account, "dead").await.remove(0);
    assert_eq!((letter.message_id.as_str(), letter.source.as_deref()), (sent.message_id.as_str(), Some("q")));
    assert_eq!(letter.receives, 3, "counted across queues");
    account.change_visibility("dead", &letter.receipt, Duration::ZERO).unwrap();
    account.start_move(MoveTask::of("dead")).unwrap();
    let again = all(&account, "q").await.remove(0);
    assert!(again.message_id != letter.message_id && again.sent_at >= letter.sent_at);
    assert_eq!((again.receives, again.source.as_deref()), (1, None));
    let report = account.moves("dead").unwrap().remove(0);
    assert_eq!((report.state, report.moved, report.to_move), (MoveState::Completed, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_task_moves_so_many_in_a_second_and_only_one_at_a_time() {
    let account = with_letters(25).await;
    let task = account.start_move(MoveTask::of("dead").per_second(10)).unwrap();
    assert_eq!(kind(account.start_move(MoveTask::of("dead"))), RefusedKind::Unsupported);
    let moved = || account.moves("dead").unwrap().remove(0);
    assert_eq!((moved().moved, moved().to_move, moved().state), (10, 25, MoveState::Running));
    advance(SECOND - Duration::from_millis(1)).await;
    assert_eq!(moved().moved, 10);
    advance(Duration::from_millis(1)).await;
    assert_eq!(moved().moved, 20);
    assert_eq!(account.cancel_move(&task), Ok(20));
    assert_eq!(moved().state, MoveState::Cancelled);
    advance(10 * SECOND).await;
    assert_eq!(moved().moved, 20);
    assert_eq!(kind(account.cancel_move(&task)), RefusedKind::Unsupported);
    assert_eq!(kind(account.cancel_move("none")), RefusedKind::NotFound);
    account.start_move(MoveTask::of("dead").to("q")).unwrap();
    let reports = account.moves("dead").unwrap();
    assert_eq!((reports.len(), reports[0].moved, reports[0].state), (2, 5, MoveState::Completed), "the newest first");
}

#[tokio::test(start_paused = true)]
async fn who_waits_gets_what_a_task_moves_when_it_does() {
    let account = with_letters(11).await;
    account.start_move(MoveTask::of("dead").to("q").per_second(5)).unwrap();
    let began = Instant::now();
    let mut came = Vec::new();
    for _ in 0..3 {
        came.push((account.receive("q", Receive::up_to(10).wait(20 * SECOND)).await.unwrap().len(), began.elapsed()));
    }
    assert_eq!(came, [(5, Duration::ZERO), (5, SECOND), (1, 2 * SECOND)]);
}

#[tokio::test(start_paused = true)]
async fn a_task_without_a_destination_fails_at_what_was_sent_there_by_hand() {
    let account = with_letters(1).await;
    account.send("dead", Outgoing::new("by hand")).unwrap();
    account.start_move(MoveTask::of("dead")).unwrap();
    let report = account.moves("dead").unwrap().remove(0);
    assert_eq!((report.state, report.moved), (MoveState::Failed, 1));
    assert_eq!(texts(&account, "dead").await, ["by hand"], "it stays");
}

#[tokio::test(start_paused = true)]
async fn a_task_fails_once_its_queue_is_gone() {
    let account = with_letters(3).await;
    account.create_queue("elsewhere", QueueSettings::new()).unwrap();
    account.start_move(MoveTask::of("dead").to("elsewhere").per_second(1)).unwrap();
    account.delete_queue("elsewhere").unwrap();
    advance(SECOND).await;
    let report = account.moves("dead").unwrap().remove(0);
    assert_eq!((report.state, report.moved), (MoveState::Failed, 1));
    assert_eq!(texts(&account, "dead").await.len(), 2, "the others stay");
    assert_eq!(kind(account.receive("elsewhere", Receive::up_to(1)).await), RefusedKind::NotFound, "none is made");
}

#[tokio::test(start_paused = true)]
async fn a_task_sends_and_so_the_queue_delays_it_and_may_not_take_it() {
    let account = with_letters(1).await;
    account.send("dead", Outgoing::new("x".repeat(2_000))).unwrap();
    let settings = QueueSettings::new().delay(60 * SECOND).max_bytes(1_024);
    account.create_queue("elsewhere", settings).unwrap();
    account.start_move(MoveTask::of("dead").to("elsewhere")).unwrap();
    let report = account.moves("dead").unwrap().remove(0);
    assert_eq!((report.state, report.moved), (MoveState::Failed, 1));
    assert_eq!(texts(&account, "dead").await.len(), 1, "what is too large stays");
    assert!(texts(&account, "elsewhere").await.is_empty());
    advance(60 * SECOND).await;
    assert_eq!(texts(&account, "elsewhere").await, ["0"]);
}

#[tokio::test(start_paused = true)]
async fn a_task_waits_for_a_group_that_is_in_hand() {
    let account = account();
    account.change_queue("q.fifo", QueueSettings::new().dead_letters("dead.fifo", 1)).unwrap();
    for body in ["1", "2", "3"] {
        account.send("dead.fifo", Outgoing::new(body).group("g").dedup_id(body)).unwrap();
    }
    let first = account.receive("dead.fifo", Receive::up_to(1)).await.unwrap().remove(0);
    account.start_move(MoveTask::of("dead.fifo").to("q.fifo")).unwrap();
    let moved = || account.moves("dead.fifo").unwrap().remove(0);
    assert_eq!((moved().state, moved().moved, moved().to_move), (MoveState::Running, 0, 2));
    let began = Instant::now();
    let (waiting, account) = (account.clone(), &account);
    let waiting = tokio::spawn(async move { waiting.receive("q.fifo", Receive::up_to(10).wait(20 * SECOND)).await });
    advance(3 * SECOND).await;
    account.delete("dead.fifo", &first.receipt).unwrap();
    assert_eq!(waiting.await.unwrap().unwrap().len(), 2);
    assert!(began.elapsed() <= 4 * SECOND, "{:?}", began.elapsed());
    assert_eq!((moved().state, moved().moved), (MoveState::Completed, 2));
}

#[tokio::test(start_paused = true)]
async fn a_task_moves_nothing_that_was_kept_long_enough() {
    let account = account();
    account.change_queue("q", QueueSettings::new().dead_letters("dead", 1)).unwrap();
    account.change_queue("dead", QueueSettings::new().retention(100 * SECOND)).unwrap();
    account.send("q", Outgoing::new("old")).unwrap();
    advance(SECOND).await;
    account.send("dead", Outgoing::new("first")).unwrap();
    account.send("dead", Outgoing::new("second")).unwrap();
    all(&account, "q").await;
    advance(98 * SECOND).await;
    assert!(texts(&account, "q").await.is_empty(), "it is a dead letter, behind the others and older than they are");
    account.start_move(MoveTask::of("dead").to("q").per_second(2)).unwrap();
    advance(SECOND).await;
    assert_eq!(account.moves("dead").unwrap()[0].state, MoveState::Completed);
    assert_eq!(texts(&account, "q").await, ["first", "second"]);
}

#[tokio::test(start_paused = true)]
async fn a_task_is_for_dead_letter_queues_and_has_a_rate() {
    let account = with_letters(0).await;
    assert_eq!(
        kind(account.start_move(MoveTask::of("q"))),
        RefusedKind::InvalidParameter,
        "it is nobody's dead-letter queue"
    );
    assert_eq!(kind(account.start_move(MoveTask::of("nowhere"))), RefusedKind::NotFound);
    assert_eq!(kind(account.start_move(MoveTask::of("dead").to("nowhere"))), RefusedKind::NotFound);
    assert_eq!(kind(account.start_move(MoveTask::of("dead").to("q.fifo"))), RefusedKind::InvalidParameter);
    for rate in [0, 501] {
        assert_eq!(kind(account.start_move(MoveTask::of("dead").per_second(rate))), RefusedKind::InvalidParameter);
    }
    account.start_move(MoveTask::of("dead").per_second(500)).unwrap();
    assert_eq!(kind(account.moves("nowhere")), RefusedKind::NotFound);
    let many = with_letters(0).await;
    for i in 0..101 {
        let (queue, dead) = (format!("q{i}"), format!("d{i}"));
        many.create_queue(&dead, QueueSettings::new()).unwrap();
        many.create_queue(&queue, QueueSettings::new().dead_letters(dead.as_str(), 1)).unwrap();
        for body in ["1", "2"] {
            many.send(&dead, Outgoing::new(body)).unwrap();
        }
        let answer = many.start_move(MoveTask::of(dead.as_str()).to(queue).per_second(1));
        if i < 100 { drop(answer.unwrap()) } else { assert_eq!(kind(answer), RefusedKind::Unsupported) }
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_runs_for_thirty_six_hours_at_most() {
    let account = account();
    account.change_queue("q", QueueSettings::new().dead_letters("dead", 1)).unwrap();
    account.change_queue("dead", QueueSettings::new().retention(14 * 24 * 60 * 60 * SECOND)).unwrap();
    for _ in 0..36 * 60 * 60 + 10 {
        account.send("dead", Outgoing::new("x")).unwrap();
    }
    account.start_move(MoveTask::of("dead").to("q").per_second(1)).unwrap();
    advance(36 * 60 * 60 * SECOND).await;
    assert_eq!(account.moves("dead").unwrap()[0].state, MoveState::Failed);
}
