"""Where a change request can stand, what can happen to it, and where that leads. There is no other way to move."""

from enum import StrEnum


class State(StrEnum):
    """Named for who must act next. From WAITING on these are the words that people read on the card."""

    PLANNING = "Reading production"  # the bot; there is no card yet
    REFUSED = "Refused"  # nobody; there never was a card
    WAITING = "Waiting for approval"
    APPROVED = "Approved"
    RUNNING = "Running"
    VERIFYING = "Verifying"
    UNKNOWN = "Outcome unknown"  # a person looks
    VERIFIED = "Verified"
    CHECKS_FAIL = "Done, checks fail"
    FAILED = "Failed"
    STOPPED = "Stopped"
    DENIED = "Denied"
    EXPIRED = "Expired"
    WITHDRAWN = "Withdrawn"
    SUPERSEDED = "Superseded"


class Kind(StrEnum):
    """What can happen to a request."""

    # What arrived from Slack, before anyone decided on it.
    REQUEST_MADE = "request_made"
    APPROVAL_CLICKED = "approval_clicked"
    DENIAL_SUBMITTED = "denial_submitted"
    WITHDRAWAL_CLICKED = "withdrawal_clicked"
    STOP_CLICKED = "stop_clicked"
    LOOK_AGAIN_CLICKED = "look_again_clicked"
    IT_HAPPENED_CLICKED = "it_happened_clicked"
    IT_DID_NOT_CLICKED = "it_did_not_clicked"
    # What the policy said to it.
    CLICK_REFUSED = "click_refused"
    CLICK_HELD = "click_held"  # the person can't be read yet
    REQUEST_REFUSED = "request_refused"
    APPROVAL_GIVEN = "approval_given"
    APPROVAL_WITHDRAWN = "approval_withdrawn"
    APPROVAL_VOIDED = "approval_voided"  # its giver stopped being eligible
    REQUEST_APPROVED = "request_approved"
    REQUEST_DENIED = "request_denied"
    REQUEST_WITHDRAWN = "request_withdrawn"
    STOP_ORDERED = "stop_ordered"  # the running step ends first
    REQUEST_STOPPED = "request_stopped"
    LOOK_ORDERED = "look_ordered"
    SETTLED_AS_DONE = "settled_as_done"
    SETTLED_AS_NOT_DONE = "settled_as_not_done"
    # What the bot did and found.
    PLAN_MADE = "plan_made"
    HALF_TIME_PASSED = "half_time_passed"
    REQUEST_EXPIRED = "request_expired"
    DRIFT_FOUND = "drift_found"
    RUN_FAILED = "run_failed"
    STEP_STARTED = "step_started"
    STEP_UNPROVEN = "step_unproven"  # what the provider answered; only looking proves it
    STEP_FINISHED = "step_finished"
    STEP_FAILED = "step_failed"
    STEP_LOST = "step_lost"
    FIRST_STEP_DRIFTED = "first_step_drifted"  # it read its target again itself, and did nothing
    LOOK_ENDED = "look_ended"  # still unknown
    SITE_SAMPLED = "site_sampled"  # by a watch
    DATABASE_READ = "database_read"  # by a watch
    BASELINE_TAKEN = "baseline_taken"
    VERIFICATION_BEGUN = "verification_begun"
    VERIFICATION_PASSED = "verification_passed"
    VERIFICATION_FAILED = "verification_failed"
    PLANNED_AGAIN = "planned_again"
    OVERTAKEN = "overtaken"  # another request has done what this one proposes
    UNDONE = "undone"  # steps of this request, by another one
    PROMOTE_SEEN = "promote_seen"  # by anyone: what this request rolled back is not pinned any more
    WRITES_RESUMED = "writes_resumed"  # to tables that this request stopped them to: by another one, or by anyone
    RESUME_TOLD = "resume_told"  # the requests that stopped the writes which this one resumed know it
    PURGED = "purged"  # the copies that this request kept, by another one
    UNDO_TOLD = "undo_told"  # the request whose steps were undone, or whose copies were removed, knows it
    INCIDENT_JOINED = "incident_joined"
    INCIDENT_TOLD = "incident_told"  # how the request ended
    FAULT_NOTED = "fault_noted"
    # The picture of it in Slack.
    POSTING_BEGUN = "posting_begun"
    MESSAGE_POSTED = "message_posted"
    MESSAGE_EDITED = "message_edited"
    FILE_REFUSED = "file_refused"  # by Slack: nobody can approve a plan that can't be shown
    REQUEST_CLOSED = "request_closed"  # nothing is left to do or to draw


CLICKS = frozenset(
    {
        Kind.APPROVAL_CLICKED,
        Kind.DENIAL_SUBMITTED,
        Kind.WITHDRAWAL_CLICKED,
        Kind.STOP_CLICKED,
        Kind.LOOK_AGAIN_CLICKED,
        Kind.IT_HAPPENED_CLICKED,
        Kind.IT_DID_NOT_CLICKED,
    }
)

# What may be written down wherever a request stands, and moves nothing.
NOTES = CLICKS | {
    Kind.CLICK_REFUSED,
    Kind.CLICK_HELD,
    Kind.STOP_ORDERED,
    Kind.LOOK_ORDERED,
    Kind.LOOK_ENDED,
    Kind.HALF_TIME_PASSED,
    Kind.STEP_UNPROVEN,
    Kind.SITE_SAMPLED,
    Kind.DATABASE_READ,
    Kind.BASELINE_TAKEN,
    Kind.PLANNED_AGAIN,
    Kind.OVERTAKEN,
    Kind.UNDONE,
    Kind.PURGED,
    Kind.UNDO_TOLD,
    Kind.WRITES_RESUMED,
    Kind.RESUME_TOLD,
    Kind.PROMOTE_SEEN,
    Kind.INCIDENT_JOINED,
    Kind.INCIDENT_TOLD,
    Kind.FAULT_NOTED,
    Kind.POSTING_BEGUN,
    Kind.MESSAGE_POSTED,
    Kind.MESSAGE_EDITED,
    Kind.FILE_REFUSED,
    Kind.REQUEST_CLOSED,
}

# The request's first event, REQUEST_MADE, puts it in PLANNING. A state without a line is final.
TRANSITIONS: dict[State, dict[Kind, State]] = {
    State.PLANNING: {
        Kind.PLAN_MADE: State.WAITING,
        Kind.REQUEST_REFUSED: State.REFUSED,
    },
    State.WAITING: {
        Kind.APPROVAL_GIVEN: State.WAITING,
        Kind.APPROVAL_WITHDRAWN: State.WAITING,
        Kind.APPROVAL_VOIDED: State.WAITING,
        Kind.REQUEST_APPROVED: State.APPROVED,
        Kind.REQUEST_DENIED: State.DENIED,
        Kind.REQUEST_WITHDRAWN: State.WITHDRAWN,
        Kind.REQUEST_EXPIRED: State.EXPIRED,
        Kind.REQUEST_STOPPED: State.STOPPED,
        Kind.DRIFT_FOUND: State.SUPERSEDED,
    },
    State.APPROVED: {
        Kind.APPROVAL_WITHDRAWN: State.WAITING,
        Kind.REQUEST_DENIED: State.DENIED,
        Kind.REQUEST_WITHDRAWN: State.WITHDRAWN,
        Kind.REQUEST_STOPPED: State.STOPPED,
        Kind.DRIFT_FOUND: State.SUPERSEDED,
        Kind.RUN_FAILED: State.FAILED,
        Kind.STEP_STARTED: State.RUNNING,
    },
    State.RUNNING: {
        Kind.STEP_STARTED: State.RUNNING,
        Kind.STEP_FINISHED: State.RUNNING,
        Kind.STEP_FAILED: State.FAILED,
        Kind.STEP_LOST: State.UNKNOWN,
        Kind.FIRST_STEP_DRIFTED: State.SUPERSEDED,
        Kind.REQUEST_STOPPED: State.STOPPED,
        Kind.DRIFT_FOUND: State.FAILED,
        Kind.RUN_FAILED: State.FAILED,
        Kind.VERIFICATION_BEGUN: State.VERIFYING,
    },
    State.UNKNOWN: {
        Kind.STEP_FINISHED: State.RUNNING,
        Kind.STEP_FAILED: State.FAILED,
        Kind.SETTLED_AS_DONE: State.VERIFYING,
        Kind.SETTLED_AS_NOT_DONE: State.FAILED,
    },
    State.VERIFYING: {
        Kind.VERIFICATION_PASSED: State.VERIFIED,
        Kind.VERIFICATION_FAILED: State.CHECKS_FAIL,
    },
}

FINAL = frozenset(State) - frozenset(TRANSITIONS)


class IllegalEventError(Exception):
    """It can't happen to a request that stands there; nothing was written."""


def next_state(state: State, kind: Kind) -> State:
    """Where `kind` leads from `state`.

    Raises IllegalEventError where TRANSITIONS has no cell for it.
    """
    if kind in NOTES:
        return state
    try:
        return TRANSITIONS[state][kind]
    except KeyError:
        raise IllegalEventError(f"{kind} can't happen to a request that is {state}") from None
