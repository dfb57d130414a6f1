"""What a generative model says of a story: asked by a button, shown as what it is, and put into nothing else."""

from typing import Any, Final

from tocsin.desk.generated import Generated
from tocsin.edge.console.page import Answer, Call, Go, Page
from tocsin.edge.console.problems import absent
from tocsin.errors import AccessError
from tocsin.formats.text import instant

_QUESTION: Final = 300


async def told(call: Call, story: str) -> dict[str, Any]:
    """For the page of a story: which model would be asked (empty: none), and what it answered before."""
    asking = call.control.desk.asking
    return {"name": asking.model, "answers": [_told(one) for one in await asking.answers(story)]}


def _told(one: Generated) -> dict[str, Any]:
    return {
        "model": one.model,
        "question": one.question,
        "at": instant(one.at_us),
        "by": one.by,
        "given": one.given,
        "held": one.held,
        "said": [
            {
                "text": said.text,
                "document": said.document,
                "outlet": said.outlet,
                "quote": said.quote,
                "at": f"{said.start}-{said.end}",
            }
            for said in one.said
        ],
    }


async def ask(call: Call) -> Answer:
    """Send the open texts of a story, and a question if there is one, to the model that the administrator named."""
    try:
        story = await call.control.desk.named(call.part("story"))
    except AccessError as error:
        raise absent() from error
    question = call.said("question").strip()[:_QUESTION]
    await call.control.desk.asking.ask(story, question, call.said("language"), call.person.name)
    return Go(f"/desk/s/{story}?done=model-answered#model")


PAGES: Final = (Page("POST", "/desk/s/{story}/model", ask),)
