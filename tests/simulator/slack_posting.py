"""What the Web API does: messages posted, edited and shown to one person, modals opened, files uploaded."""

import json
from typing import Any

from tests.simulator.slack_api import Asked, Fields, Method, as_read, open_to_bot
from tests.simulator.slack_people import BOT_USER, Channel
from tests.simulator.slack_rules import UPDATE_TEXT, Refused, check_message, check_view
from tests.simulator.slack_state import File, Message, State

HOME_BYTES = 250_000


def post_message(state: State, asked: Asked) -> Fields:
    """Post to a channel or into a thread."""
    channel = _writable(state, asked)
    content = _content(asked)
    check_message(content["text"], content.get("blocks"))
    content |= _place(state, channel, asked)
    message = state.post(channel.id, BOT_USER, content)
    return _posted(state, message)


def update_message(state: State, asked: Asked) -> Fields:
    """Edit a message of the bot's own: text without blocks removes the blocks, metadata stays unless given anew."""
    channel = open_to_bot(state, asked, "channel")
    if channel.is_archived:
        raise Refused("is_inactive")
    message = state.message(channel.id, asked["ts"])
    if message is None:
        raise Refused("message_not_found")
    if message["user"] != BOT_USER:
        raise Refused("cant_update_message")
    content = _content(asked)
    check_message(content["text"], content.get("blocks"), max_text=UPDATE_TEXT)
    if asked.flag("reply_broadcast") and "thread_ts" in message:
        content["subtype"] = "thread_broadcast"
    if not content.get("blocks"):
        message.pop("blocks", None)
    state.revise(message, content)
    return _posted(state, message) | {"text": message["text"]}


def post_ephemeral(state: State, asked: Asked) -> Fields:
    """Show one person in a channel a message that nobody else sees."""
    channel = _writable(state, asked)
    if asked["user"] not in channel.members:
        raise Refused("user_not_in_channel")
    content = _content(asked)
    check_message(content["text"], content.get("blocks"))
    content |= _place(state, channel, asked)
    return {"message_ts": state.whisper(asked["user"], channel.id, "chat.postEphemeral", content)["ts"]}


def open_view(state: State, asked: Asked) -> Fields:
    """Open a modal for the person whose delivery gave the trigger_id."""
    view = given(asked, "view")
    check_view(view)
    user = state.spend_trigger(asked["trigger_id"])
    return {"view": state.show_view(user, view)}


def publish_view(state: State, asked: Asked) -> Fields:
    """Show a person an App Home, in the place of what it showed before."""
    view = given(asked, "view")
    check_view(view, "home")
    if len(asked["view"].encode()) > HOME_BYTES:
        raise Refused("view_too_large")
    if asked["user_id"] not in state.people:
        raise Refused("invalid_arguments", ["[ERROR] user_not_found [json-pointer:/user_id]"])
    shown = state.stored_view(view, state.new_id("V"))
    state.homes.setdefault(asked["user_id"], []).append(shown)
    return {"view": shown}


def get_upload_url(state: State, asked: Asked) -> Fields:
    """Announce a file; its address is completed by the server."""
    if not asked["filename"] or not asked["length"].isdecimal() or int(asked["length"]) == 0:
        raise Refused("invalid_arguments", ["[ERROR] must be more than 0 [json-pointer:/length]"])
    file = File(state.new_id("F"), asked["filename"], int(asked["length"]))
    state.files[file.id] = file
    return {"file_id": file.id, "upload_url": f"/upload/{file.id}"}


def complete_upload(state: State, asked: Asked) -> Fields:
    """Share files that were uploaded, in a channel or a thread."""
    files = [_uploaded(state, item) for item in given(asked, "files")]
    if "channel_id" in asked:
        channel = _writable(state, asked, "channel_id")
        content = {"text": asked.get("initial_comment", ""), "upload": True, "files": [f.as_slack() for f in files]}
        state.post(channel.id, BOT_USER, content | _place(state, channel, asked))
        for file in files:
            file.channel = channel.id
    return {"files": [file.as_slack() for file in files]}


def given(asked: Asked, name: str) -> Any:
    """An argument that is JSON; Refused (invalid_arguments) when it isn't."""
    try:
        return json.loads(asked[name])
    except ValueError as error:
        raise Refused("invalid_arguments", [f"[ERROR] must be valid json [json-pointer:/{name}]"]) from error


def _writable(state: State, asked: Asked, name: str = "channel") -> Channel:
    channel = open_to_bot(state, asked, name)
    if channel.is_archived:
        raise Refused("is_archived")
    return channel


def _content(asked: Asked) -> Fields:
    content: Fields = {"text": asked.get("text", "")}
    if "blocks" in asked:
        try:
            content["blocks"] = json.loads(asked["blocks"])
        except ValueError as error:
            raise Refused("invalid_blocks_format") from error
    if "metadata" in asked:
        content["metadata"] = _metadata(asked)
    return content


def _metadata(asked: Asked) -> Fields:
    metadata = given(asked, "metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise Refused("invalid_metadata_format")
    return {"event_type": metadata.get("event_type", ""), "event_payload": metadata["event_payload"]}


def _place(state: State, channel: Channel, asked: Asked) -> Fields:
    """Where in a channel a message goes: nowhere special, into a thread, or into both."""
    root_ts = asked.get("thread_ts")
    if root_ts is None:
        return {}
    root = state.message(channel.id, root_ts)
    if root is None:
        raise Refused("thread_not_found")
    if root.get("thread_ts", root_ts) != root_ts:
        raise Refused("cannot_reply_to_message")
    return {"thread_ts": root_ts} | ({"subtype": "thread_broadcast"} if asked.flag("reply_broadcast") else {})


def _posted(state: State, message: Message) -> Fields:
    return {
        "channel": message["channel"],
        "ts": message["ts"],
        "message": as_read(state, message, with_metadata=True),
    }


def _uploaded(state: State, item: Fields) -> File:
    file = state.files.get(item["id"])
    if file is None or file.content is None or file.channel is not None:
        raise Refused("file_not_found")
    file.title = item.get("title", "")
    return file


METHODS: dict[str, tuple[Method, str]] = {  # the method, and the scope that it needs
    "chat.postMessage": (post_message, "chat:write"),
    "chat.update": (update_message, "chat:write"),
    "chat.postEphemeral": (post_ephemeral, "chat:write"),
    "views.open": (open_view, ""),
    "views.publish": (publish_view, ""),
    "files.getUploadURLExternal": (get_upload_url, "files:write"),
    "files.completeUploadExternal": (complete_upload, "files:write"),
}
