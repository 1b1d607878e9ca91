"""Where agents meet: materials, components, products, scrap, credit and labour."""
