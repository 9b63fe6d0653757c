"""`throughline policy check`: everything that is wrong with a policy file, in the order of its lines."""

from pathlib import Path

from domain.policy import Policy, PolicyRefused, load_policy


def check(path: str | Path) -> int:
    """Print every problem of the file as field, value, problem and remedy; 0 where there is none."""
    source = Path(path)
    try:
        policy = load_policy(source.read_text("utf-8"), source.name)
    except (OSError, UnicodeDecodeError) as fault:
        print(f"{source} cannot be read ({type(fault).__name__}). Name a text file that exists.")
        return 2
    except PolicyRefused as refused:
        print(_report(source, refused))
        return 1
    print(_praise(source, policy))
    return 0


def _report(source: Path, refused: PolicyRefused) -> str:
    problems = sorted(refused.problems, key=lambda problem: problem.line or 0)
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    blocks = [f"{source} is refused: {count}."]
    for problem in problems:
        place = f" (line {problem.line})" if problem.line else ""
        blocks.append(
            f"  field:   {problem.field}{place}\n"
            f"  value:   {problem.value or '-'}\n"
            f"  problem: {problem.problem}\n"
            f"  remedy:  {problem.remedy}"
        )
    return "\n\n".join(blocks)


def _praise(source: Path, policy: Policy) -> str:
    overlays = ", ".join(overlay.id for overlay in policy.overlays)
    with_overlays = f", overlays {overlays}" if overlays else ""
    return f"{source} is sound: version {policy.version}, content {policy.content_hash[:12]}{with_overlays}."
