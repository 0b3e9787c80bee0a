"""Slides of the lessons: what a slide shows, and how it looks.

`text` shortens the lesson's Markdown, `deck` makes slides of an executed
lesson, `page` writes them as a page of reveal.js and as a PDF. The look is in
slides.html.j2, slides.css and slides.js.
"""
