"""Texts in several languages that pass `quality`, and what it says of any text."""

from __future__ import annotations

from batches import documents

from pipeline.execute import run_stage
from stages.quality import Quality

ENGLISH = """\
The ferry left the harbour at dawn, and only three passengers stood on its deck.
Nobody had told them that the island would be closed to visitors that week.
A retired teacher, who knew the captain well, asked him to have another look at the list.
Her sister waited with two heavy bags beside the stairs of the customs house.
When rain began to fall, everyone moved under the roof of an old fish market.
There they shared bread, cheese and a story about the winter of the great storm.
It turned out that the keys of the lighthouse were lost many years ago.
So the captain laughed, turned his ship around, and took all of them home for supper."""


CHINESE = "\n".join(
    f"{who}在{where}的时候，{what}，所以大家都觉得这一天过得很有意思。".replace("大家", other).replace("有意思", mood)
    for who, where, what, other, mood in [
        ("小明", "公园里散步", "看见许多人在湖边唱歌", "朋友", "热闹"),
        ("老师", "学校门口", "遇到从前教过的一个学生", "同事", "难得"),
        ("我父亲", "车站等车", "听到远方传来的钟声", "邻居", "安静"),
        ("这位医生", "山上采药", "发现了一种少见的植物", "病人", "幸运"),
        ("农民们", "田间劳动", "谈起今年粮食的价格", "村长", "踏实"),
    ]
)


KOREAN = """\
동생은 어제 시장에서 오래된 역사책 한 권을 아주 싼값에 샀다.
선생님은 바닷가에서 찍은 사진을 학생들에게 보여 주며 여행 이야기를 들려주었다.
할머니가 병원에서 우연히 만난 사람은 오십 년 전의 옛 친구였다.
우리는 도서관이 문을 닫을 때까지 함께 숙제를 하고 그 후 늦은 저녁을 먹었다.
비가 그치자 마을 사람들은 모두 논으로 나가 무너진 둑을 다시 쌓기 시작했다.
이 작은 섬에는 등대 하나와 더 이상 쓰지 않는 낡은 창고만 남아 있다."""


WORDS = [a + b + c for a in "bcdfg" for b in "aeiou" for c in ("lm", "nt", "rk", "sh")]


def lines(template: str, n: int) -> str:
    """`n` lines with different words in the places of `{}`."""
    width = template.count("{}")
    return "\n".join(
        template.format(*(WORDS[(n_line * width + place) % len(WORDS)] for place in range(width)))
        for n_line in range(n)
    )


def judge(texts: list[str], **options) -> tuple[list[str], dict[str, list[str]]]:
    """Survivors, and all failed rules of the dropped by text."""
    out = run_stage(Quality(**{"language": "en", **options}), documents(texts))
    dropped = dict(
        zip(out.dropped.column("excerpt").to_pylist(), out.dropped.column("failed").to_pylist(), strict=True)
    )
    return out.kept.column("text").to_pylist(), dropped


THAI = "\n".join(f"{n} วันนี้อากาศดีมากเราจึงไปเดินเล่นในสวนสาธารณะด้วยกัน" for n in "กขคงจฉชซ")


def signals(text: str, **options) -> dict[str, float]:
    """The signals of one text."""
    row = run_stage(Quality(**{"language": "en", "presets": (), **options}), documents([text])).kept
    return {
        name.removeprefix("quality_"): row.column(name)[0].as_py()
        for name in row.schema.names
        if name.startswith("quality_")
    }
