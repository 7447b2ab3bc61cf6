"""What the page of versions says around its tables, in English and in Chinese.

Facts about a version are counted from the runs; only the one line of advice per version is written
here, and a test compares its verdict with the counts.
"""

from __future__ import annotations

import msgspec

from imcli.report.anomalies import Language


class Words(msgspec.Struct, frozen=True):
    """The words of one language. In braces stands what the page fills in."""

    title: str
    intro: str
    summary_columns: tuple[str, ...]
    reports: str
    others: str
    none: str
    times: str
    situations: str
    legend: str
    situation: str
    causes: str
    cause_columns: tuple[str, ...]
    skipped: str
    skipped_columns: tuple[str, ...]
    folders: dict[str, str]
    advice: dict[str, str]
    needs: dict[str, str]


ENGLISH = Words(
    title="Which WuKongIM version should I run?",
    intro=(
        "Printed by `imcli list-profiles --compare`; do not edit.\n\n"
        "Every situation of the corpus ({count} files) was played on {versions} versions of\n"
        "WuKongIM. Each title says what a user would expect. The versions are simulated by imcli,\n"
        "which answers as the real servers of these versions answered. Check one yourself:\n"
        "`imcli run-scenario scenarios/FILE.toml --target sim:wukongim-2.2.5`."
    ),
    summary_columns=("version", "as expected", "otherwise", "cannot be asked", "in short"),
    reports="What goes otherwise often, or was reported:",
    others="Besides:",
    none="none",
    times="(in {count})",
    situations="The situations",
    legend="✓ as expected · ✗ otherwise, with the cause · – cannot be asked, with what is missing",
    situation="situation",
    causes="The causes",
    cause_columns=("cause", "what happens", "reports", "versions"),
    skipped="What cannot be asked",
    skipped_columns=("missing", "what it means"),
    folders={
        "archive": "Archive",
        "crash": "Crashes and restarts",
        "delete": "Deleting a conversation",
        "delivery": "Delivery",
        "device": "Devices and sessions",
        "group": "Groups",
        "offline": "Being offline",
        "order": "Order and repetition",
        "permission": "Permissions",
        "pin": "Pins",
        "policy": "Policies of other products",
        "sync": "Synchronising",
        "unread": "Unread",
        "wukongim": "One behaviour of WuKongIM each",
    },
    advice={
        "2.1.3": "Not for an app whose users delete conversations: the peer's next message does "
        "not bring one back (WuKongIM#343).",
        "2.1.4": "Not for direct messages: messages between two people make no conversation.",
        "2.1.5": "The first one in which a deleted conversation comes back. A deletion in the "
        "first minute is lost, and own messages count as unread.",
        "2.2.0": "Avoid: its list cache hides new conversations (WuKongIM#454) and shows deleted "
        "ones again.",
        "2.2.5": "Run this one: the cache no longer hides conversations, and answering reads. "
        "Deletions in the first minute are still lost, and unread counts deleted messages.",
    },
    needs={
        "settings": "pins, mutes, archives and message requests are left to the app",
        "clear": "there is no clearing apart from deleting",
        "partial-read": "reading up to a message is not possible: it always reads everything",
        "bounded-delete": "deleting up to a message is not possible",
        "two-way-delete": "deleting for both is not possible",
        "unread-flag": "marking unread needs a number of messages",
        "group-mute": "a group can be banned, not silenced",
        "notices": "there are no notices",
        "by-channel": "asking for single conversations exists from 2.2.5 on",
        "profile": "the file is about a policy of some other product and brings its own profile",
    },
)

CHINESE = Words(
    title="我应该使用哪个 WuKongIM 版本？",
    intro=(
        "由 `imcli list-profiles --compare --language zh` 生成，请勿手工修改。\n\n"
        "语料库中的每个场景（{count} 个文件）都在 {versions} 个 WuKongIM 版本上运行过。\n"
        "标题描述用户期望的行为。这些版本由 imcli 模拟，其回答与真实服务器一致。\n"
        "可以自己验证：`imcli run-scenario scenarios/FILE.toml --target sim:wukongim-2.2.5`。"
    ),
    summary_columns=("版本", "符合期望", "不符合", "无法提问", "简评"),
    reports="常见的或已被报告的问题：",
    others="此外：",
    none="无",
    times="（{count} 个场景）",
    situations="场景",
    legend="✓ 符合期望 · ✗ 不符合，附原因 · – 无法提问，附缺少的功能",
    situation="场景",
    causes="原因",
    cause_columns=("原因", "现象", "相关问题", "版本"),
    skipped="无法提问的内容",
    skipped_columns=("缺少", "含义"),
    folders={
        "archive": "归档",
        "crash": "崩溃与重启",
        "delete": "删除会话",
        "delivery": "投递",
        "device": "设备与连接",
        "group": "群",
        "offline": "离线",
        "order": "顺序与重发",
        "permission": "权限",
        "pin": "置顶",
        "policy": "其他产品的策略",
        "sync": "同步",
        "unread": "未读",
        "wukongim": "WuKongIM 的单个行为",
    },
    advice={
        "2.1.3": "不适合用户会删除会话的应用：对方的下一条消息不会让会话回来（WuKongIM#343）。",
        "2.1.4": "不适合单聊：单聊消息不会创建会话。",
        "2.1.5": "第一个能让已删除会话回来的版本。第一分钟内的删除会丢失，自己的消息计入未读。",
        "2.2.0": "请避免：列表缓存会隐藏新会话（WuKongIM#454），并重新显示已删除的会话。",
        "2.2.5": "推荐：缓存不再隐藏会话，回复即已读。第一分钟内的删除仍会丢失，"
        "未读仍包含已删除的消息。",
    },
    needs={
        "settings": "置顶、免打扰、归档和消息请求由应用自己实现",
        "clear": "除删除之外没有清空功能",
        "partial-read": "不能读到某条消息为止，总是全部已读",
        "bounded-delete": "不能删除到某条消息为止",
        "two-way-delete": "不能双向删除",
        "unread-flag": "标记未读需要消息数",
        "group-mute": "群可以封禁，不能禁言",
        "notices": "没有通知消息",
        "by-channel": "单独请求会话从 2.2.5 开始支持",
        "profile": "该文件针对其他产品的策略，自带配置",
    },
)

WORDS: dict[Language, Words] = {"en": ENGLISH, "zh": CHINESE}
