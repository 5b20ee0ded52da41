"""placeholder"""
from bench.section import Options, Section
def run(_options: Options) -> Section | None:
    return None
