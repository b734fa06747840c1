"""Settings all tests share."""

from hypothesis import settings

# The first call of a kernel compiles it, so time says nothing about an example.
settings.register_profile("corpusmill", deadline=None)
settings.load_profile("corpusmill")
